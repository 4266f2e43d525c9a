#!/bin/sh
set -e; npx prisma migrate deploy && npx @better-auth/cli@latest generate --y
RUN --mount=type=cache npm ci \
  && pnpm dlx auth migrate
  - run: |
      yarn drizzle-kit push "$X"
