#!/usr/bin/env python3
"""Writes a repository of TypeScript files to measure with; the same arguments give the same files.

usage: tests/bench/generate.py DIRECTORY FILES

A monorepo of one application and as many feature folders as it takes: components, hooks, services and types that import
each other, with the sizes such files have. 3% of them use the session. `apps/web/src/lib/auth.ts` sets better-auth up,
with a Drizzle schema, its migrations, a client and a lockfile.
"""

import pathlib
import random
import subprocess
import sys

NOUNS = (
    "account activity address alert article asset audit balance banner batch board booking branch budget campaign card cart "
    "category channel chart comment contact coupon course currency customer dashboard delivery device document domain draft "
    "event export feature feedback filter folder form goal group history image import index invoice issue item job label lead "
    "ledger link list location member message metric milestone module note notice offer order page payment period permission "
    "plan policy post price product profile project quote record region release report request review role rule sample "
    "schedule score search section segment service shipment source stage store summary survey tag task team template ticket "
    "token topic trace update upload vendor view visit warehouse widget workflow"
).split()
VERBS = "apply archive build collect compare compute create delete fetch filter find format group load map merge parse pick "
VERBS = (VERBS + "publish rank read remove resolve save select send sort split submit sum toggle update validate").split()
FIELDS = "id name title status createdAt updatedAt amount total count kind owner label value order slug email locale".split()
TYPES = ["string", "number", "boolean", "Date", "string | null", "string[]"]
CLASSES = "flex grid gap-2 gap-4 p-2 p-4 rounded-md border text-sm font-medium items-center justify-between w-full".split()


class Writer:
    """Writes source text as people do: several declarations after some imports."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, words):
        return self.random.choice(words)

    def camel(self):
        return self.pick(NOUNS) + self.pick(NOUNS).capitalize()

    def pascal(self):
        return self.camel()[0].upper() + self.camel()[1:]

    def interface(self, name):
        fields = self.random.sample(FIELDS, self.random.randint(4, 9))
        body = "".join(f"  {field}{self.pick(['', '?'])}: {self.pick(TYPES)};\n" for field in fields)
        return f"export interface {name} {{\n{body}}}\n"

    def function(self):
        verb, noun, other = self.pick(VERBS), self.camel(), self.camel()
        field, second = self.random.sample(FIELDS, 2)
        return (
            f"/** {verb.capitalize()}s every {noun} of the {other}, newest first. */\n"
            f"export function {verb}{noun.capitalize()}({noun}: Entry[], limit = {self.random.randint(5, 500)}) {{\n"
            f"  const {other} = new Map<string, Entry[]>();\n"
            f"  for (const entry of {noun}) {{\n"
            f'    if (entry.{field} === undefined || `${{entry.{second}}}`.startsWith("{self.pick(NOUNS)}-")) {{\n'
            f"      continue;\n"
            f"    }}\n"
            f"    const known = {other}.get(String(entry.{field})) ?? [];\n"
            f"    {other}.set(String(entry.{field}), [...known, entry].slice(0, limit));\n"
            f"  }}\n"
            f"  return Array.from({other}.values()).sort((a, b) => b.length - a.length);\n"
            f"}}\n"
        )

    def request(self):
        verb, noun = self.pick(VERBS), self.camel()
        return (
            f"export async function {verb}{noun.capitalize()}(input: Partial<Entry>, signal?: AbortSignal) {{\n"
            f"  const url = new URL(`/api/{self.pick(NOUNS)}/${{input.id}}`, location.origin);\n"
            f'  url.searchParams.set("{self.pick(FIELDS)}", String(input.{self.pick(FIELDS)}));\n'
            f'  const response = await fetch(url, {{ method: "POST", signal, body: JSON.stringify({{ ...input, at: Date.now() }}) }});\n'
            f"  if (!response.ok) {{\n"
            f'    throw new Error(`{verb} failed: ${{response.status}}`, {{ cause: await response.text() }});\n'
            f"  }}\n"
            f"  return (await response.json()) as Entry;\n"
            f"}}\n"
        )

    def component(self):
        name, noun = self.pascal(), self.pick(NOUNS)
        rows = "".join(
            f'        <div className="{" ".join(self.random.sample(CLASSES, 4))}">\n'
            f"          <span>{self.pick(NOUNS).capitalize()} {self.pick(NOUNS)}</span>\n"
            f'          <strong title={{`{self.pick(VERBS)} ${{entry.{self.pick(FIELDS)}}}`}}>{{String(entry.{self.pick(FIELDS)})}}</strong>\n'
            f"        </div>\n"
            for _ in range(self.random.randint(2, 6))
        )
        return (
            f"export function {name}({{ entries, onSelect }}: {{ entries: Entry[]; onSelect?: (entry: Entry) => void }}) {{\n"
            f"  const [open, setOpen] = useState(false);\n"
            f'  const [{noun}, set{noun.capitalize()}] = useState<string | null>(null);\n'
            f"  const visible = useMemo(() => entries.filter((entry) => !{noun} || entry.name?.includes({noun})), [entries, {noun}]);\n"
            f"  useEffect(() => {{\n"
            f"    if (visible.length === 0) setOpen(false);\n"
            f"  }}, [visible]);\n"
            f"  return (\n"
            f'    <section className="{" ".join(self.random.sample(CLASSES, 3))}" aria-expanded={{open}}>\n'
            f'      <input value={{{noun} ?? ""}} onChange={{(event) => set{noun.capitalize()}(event.target.value)}} />\n'
            f"      {{visible.map((entry) => (\n"
            f"        <button key={{entry.id}} type=\"button\" onClick={{() => onSelect?.(entry)}}>\n"
            f"{rows}"
            f"        </button>\n"
            f"      ))}}\n"
            f"    </section>\n"
            f"  );\n"
            f"}}\n"
        )

    def source(self, is_component, uses_session, neighbours, lines):
        """One file of about so many lines."""
        parts = []
        if is_component:
            parts.append('"use client";\nimport { useEffect, useMemo, useState } from "react";')
        for neighbour in neighbours:
            parts.append(f'import type {{ Entry as {self.pascal()} }} from "../{neighbour}";')
        if uses_session and is_component:
            parts.append('import { authClient } from "@/lib/auth-client";\n')
            parts.append("export const useAccount = () => authClient.useSession();\n")
        elif uses_session:
            parts.append('import { headers } from "next/headers";\nimport { auth } from "@/lib/auth";\n')
            parts.append(
                "export async function requireAccount() {\n"
                "  const session = await auth.api.getSession({ headers: await headers() });\n"
                '  if (!session) throw new Error("not signed in");\n'
                "  return session.user;\n}\n"
            )
        parts.append(self.interface("Entry"))
        block = self.component if is_component else lambda: self.pick([self.function, self.request])()
        text = "\n".join(parts)
        while text.count("\n") < lines:
            text += "\n" + block()
        return text

    def lines(self):
        """Most files are short, few are long: a median of 120 lines, a mean of about 190."""
        return min(int(self.random.lognormvariate(4.8, 0.9)), 3_000)


def auth_config(writer):
    """A configuration of some 540 lines, most of them the mails it sends."""
    mails = "".join(
        f"const {name}Mail = (name: string, url: string) => `\n"
        + "".join(f"  <p>{writer.pick(VERBS).capitalize()} the {writer.pick(NOUNS)} of ${{name}} at {writer.pick(NOUNS)}.</p>\n" for _ in range(30))
        + "  <a href=\"${url}\">Continue</a>\n`;\n\n"
        for name in ("reset", "verify", "invite", "magic", "change", "remove", "welcome", "digest", "notice", "code", "trial", "renewal", "usage", "invoice", "survey")
    )
    return (
        'import { betterAuth } from "better-auth";\nimport { drizzleAdapter } from "better-auth/adapters/drizzle";\n'
        'import { nextCookies } from "better-auth/next-js";\nimport { admin, organization, twoFactor, username } from "better-auth/plugins";\n'
        'import { db } from "../db";\nimport * as schema from "../db/schema";\nimport { sendMail } from "./mail";\n\n'
        f"{mails}"
        "export const auth = betterAuth({\n"
        "  baseURL: process.env.BETTER_AUTH_URL,\n  secret: process.env.BETTER_AUTH_SECRET,\n"
        '  database: drizzleAdapter(db, { provider: "pg", schema }),\n'
        "  emailAndPassword: {\n    enabled: true,\n    sendResetPassword: async ({ user, url }) => sendMail(user.email, resetMail(user.name, url)),\n  },\n"
        "  session: { expiresIn: 60 * 60 * 24 * 7, updateAge: 60 * 60 * 24 },\n"
        '  socialProviders: { github: { clientId: process.env.GITHUB_ID!, clientSecret: process.env.GITHUB_SECRET! } },\n'
        "  plugins: [admin(), organization(), twoFactor(), username(), nextCookies()],\n});\n"
    )


SCHEMA_HEAD = 'import { boolean, index, integer, pgTable, text, timestamp } from "drizzle-orm/pg-core";\n\n'

# Columns as `name:type`, then n for "not null", d for "has a default", u for "unique", i for "indexed".
AUTH_TABLES = {
    "user": "name:text:n email:text:nu emailVerified:boolean:nd image:text createdAt:timestamp:nd updatedAt:timestamp:nd "
    "role:text banned:boolean banReason:text banExpires:timestamp twoFactorEnabled:boolean username:text:u displayUsername:text",
    "session": "expiresAt:timestamp:n token:text:nu createdAt:timestamp:nd updatedAt:timestamp:nd ipAddress:text userAgent:text "
    "userId:text:ni impersonatedBy:text activeOrganizationId:text",
    "account": "accountId:text:n providerId:text:n userId:text:ni accessToken:text refreshToken:text idToken:text scope:text "
    "accessTokenExpiresAt:timestamp refreshTokenExpiresAt:timestamp password:text createdAt:timestamp:nd updatedAt:timestamp:nd",
    "verification": "identifier:text:ni value:text:n expiresAt:timestamp:n createdAt:timestamp:nd updatedAt:timestamp:nd",
    "organization": "name:text:n slug:text:nu logo:text createdAt:timestamp:n metadata:text",
    "member": "organizationId:text:ni userId:text:ni role:text:nd createdAt:timestamp:n",
    "invitation": "organizationId:text:ni email:text:ni role:text status:text:nd expiresAt:timestamp:n inviterId:text:n "
    "createdAt:timestamp:nd",
    "twoFactor": "secret:text:ni backupCodes:text:n userId:text:ni verified:boolean failedVerificationCount:integer "
    "lockedUntil:timestamp",
}

DEFAULTS = {"text": '.default("member")', "boolean": ".default(false)", "timestamp": ".defaultNow()"}


def snake(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def table(name, columns):
    """One table for Drizzle, and the SQL that makes it."""
    stored = snake(name)
    declared = [f'export const {name} = pgTable("{stored}", {{', '  id: text("id").primaryKey(),']
    made, constraints, declared_keys, indexes = ['\t"id" text PRIMARY KEY NOT NULL'], [], [], []
    for column in columns.split():
        key, kind, flags = (column + ":").split(":")[:3]
        chain = (".notNull()" if "n" in flags else "") + (DEFAULTS[kind] if "d" in flags else "")
        declared.append(f'  {key}: {kind}("{snake(key)}"){chain}{".unique()" if "u" in flags else ""},')
        made.append(f'\t"{snake(key)}" {kind}{" NOT NULL" if "n" in flags else ""}')
        if "u" in flags:
            constraints.append(f'\tCONSTRAINT "{stored}_{snake(key)}_unique" UNIQUE("{snake(key)}")')
        if "i" in flags:
            declared_keys.append(f'index("{stored}_{key}_idx").on(table.{key})')
            indexes.append(f'--> statement-breakpoint\nCREATE INDEX "{stored}_{key}_idx" ON "{stored}" ("{snake(key)}");\n')
    declared.append(f"}}, (table) => [{', '.join(declared_keys)}]);" if declared_keys else "});")
    return "\n".join(declared), f'CREATE TABLE "{stored}" (\n' + ",\n".join(made + constraints) + "\n);\n" + "".join(indexes)


def schema(writer, extra):
    """The tables of better-auth, and as many more: the text for Drizzle and a script for each."""
    tables = dict(AUTH_TABLES)
    for number in range(extra):
        fields = writer.random.sample([field for field in FIELDS if field != "id"], 7)
        tables[f"{writer.camel()}{number}"] = " ".join(f"{field}:text" for field in fields)
    written = [table(name, columns) for name, columns in tables.items()]
    return SCHEMA_HEAD + "\n\n".join(declared for declared, _ in written) + "\n", [script for _, script in written]


def write(directory, files):
    """Writes the repository and commits it."""
    writer = Writer(files)
    root = pathlib.Path(directory)
    web = root / "apps/web"

    def put(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    dependencies = '"better-auth": "^1.6.0", "drizzle-orm": "^0.45.0", "next": "^16.0.0", "react": "^19.0.0"'
    put(root / "package.json", '{ "name": "work", "private": true, "workspaces": ["apps/*"] }\n')
    put(web / "package.json", f'{{ "name": "web", "dependencies": {{ {dependencies} }} }}\n')
    put(web / "tsconfig.json", '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["./src/*"] } } }\n')
    packages = "".join(f'    "node_modules/{writer.pick(NOUNS)}-{number}": {{ "version": "1.{number}.0" }},\n' for number in range(900))
    put(root / "package-lock.json", f'{{\n  "lockfileVersion": 3,\n  "packages": {{\n{packages}    "node_modules/better-auth": {{ "version": "1.6.10" }}\n  }}\n}}\n')
    drizzle, sql = schema(writer, min(files // 100, 150))
    put(web / "src/db/schema.ts", drizzle)
    put(web / "src/db/index.ts", 'import { drizzle } from "drizzle-orm/node-postgres";\n\nexport const db = drizzle(process.env.DATABASE_URL!);\n')
    for number, script in enumerate(sql):
        put(web / f"drizzle/{number:04}_{writer.pick(NOUNS)}_{writer.pick(NOUNS)}.sql", script)
    put(web / "src/lib/auth.ts", auth_config(writer))
    put(
        web / "src/lib/auth-client.ts",
        'import { createAuthClient } from "better-auth/react";\n'
        'import { adminClient, organizationClient, twoFactorClient, usernameClient } from "better-auth/client/plugins";\n\n'
        "export const authClient = createAuthClient({\n"
        "  plugins: [adminClient(), organizationClient(), twoFactorClient(), usernameClient()],\n});\n",
    )
    put(web / "src/features/long-chart.tsx", writer.source(True, False, [], 335))
    put(web / "src/features/long-card.tsx", writer.source(True, True, [], 320))
    written = 6
    feature = 0
    while written < files:
        folder = web / f"src/features/{writer.pick(NOUNS)}-{feature}"
        names = []
        for number in range(min(writer.random.randint(2, 5), files - written)):
            is_component = writer.random.random() < 0.45
            name = f"{writer.pick(NOUNS)}-{number}"
            uses_session = writer.random.random() < 0.03
            near = [f"{folder.name}/{other}" for other in writer.random.sample(names, min(len(names), 2))]
            put(folder / f"{name}.{'tsx' if is_component else 'ts'}", writer.source(is_component, uses_session, near, writer.lines()))
            names.append(name)
            written += 1
        feature += 1
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "--message", "start"]):
        subprocess.run(["git", "-C", directory, *command], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write(sys.argv[1], int(sys.argv[2]))
