import { betterAuth } from "better-auth";
import { admin, twoFactor, organization } from "better-auth/plugins";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { db } from "./db";

const plugins = [admin({ defaultRole: "user" }), twoFactor(), ...(process.env.ORG ? [organization()] : [])];
export const auth = betterAuth({
  database: drizzleAdapter(db, { provider: "pg", usePlural: true }),
  secret: process.env.BETTER_AUTH_SECRET ?? "change-me",
  trustedOrigins: ["https://app.example.com", `https://${host}`],
  emailAndPassword: { enabled: true, minPasswordLength: 8 * 1, sendResetPassword: async ({ user, url }) => { await mail(user.email, url); } },
  user: { modelName: "users", additionalFields: { role: { type: "string", input: false } } },
  advanced: { disableCSRFCheck: false, cookiePrefix: "app" },
  plugins,
} satisfies BetterAuthOptions);
plugins.push(username());
// auth-review: ignore[trusted-origin-wildcard] until=2030-01-31 a reason
export type Session = typeof auth.$Infer.Session;
