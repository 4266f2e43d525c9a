// Asks `auth check`, the command of the official command line, whether schemas hold what their configurations write.
//
//   node check.mjs RELEASE < projects.json > answers.json
//
// A project is `{ auth, file, schema }`: a configuration whose database is a stand-in, as the official generator is run with, and
// the schema file beside it. The answer is `{ missing }`, the names of tables and `table.column`, or `{ error }`: why it
// cannot be asked.

import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { install, matching, published } from "./install.mjs";

/** What the configurations load beside the library. PGlite and SQLite run in the process of the command line. */
const TOOLS = {
  "@electric-sql/pglite": "0.4.1",
  "@prisma/prisma-schema-wasm": "6.19.0-26.2ba551f319ab1df4bc874a89965d8b3641056773",
  "drizzle-orm": "0.45.1",
  "kysely-pglite-dialect": "1.3.1",
};

/** By the text that stands for a database: what is put there, and the files it is in. */
const DATABASES = [
  ["drizzleAdapter({},", "drizzleAdapter({ _: { fullSchema } },", "import * as fullSchema from './auth-schema';", () => ({})],
  ["prismaAdapter({},", "prismaAdapter(client,", "import client from './client.mjs';", client],
  ["dummy('sqlite')", "database", "import { database } from './database.mjs';", sqlite],
  ["dummy('postgres')", "database", "import { database } from './database.mjs';", postgres],
];

const [release] = process.argv.slice(2);
const root = await install(release, { ...TOOLS, auth: matching(await published("auth"), release) });
const { get_dmmf: dataModel } = createRequire(join(root, "import.mjs"))("@prisma/prisma-schema-wasm");
const projects = await json(process.stdin);
const answers = new Array(projects.length);
let next = 0;
const work = async () => {
  for (let place = next++; place < answers.length; place = next++) answers[place] = await ask(projects[place], place);
};
await Promise.all(Array.from({ length: availableParallelism() }, work));
process.stdout.write(JSON.stringify(answers));

/** Lays the project out in a folder below the release, where its packages are found, and runs the command there. */
async function ask({ auth, file, schema }, place) {
  const [standIn, database, load, files] = DATABASES.find(([standIn]) => auth.includes(standIn)) ?? [];
  if (!standIn) return { error: "no such database here" };
  const folder = join(root, "checks", String(place));
  await mkdir(folder, { recursive: true });
  try {
    const configuration = auth.replace(/^import .* from 'oracle-roots.*$/m, "").replace(standIn, database);
    const texts = { "auth.ts": `${load}\n${configuration}`, [file]: schema, ...files(schema) };
    for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
    return await verdict(folder);
  } catch (error) {
    return { error: String(error).slice(0, 200) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What it says is missing; it exits with 1 then. In an older Node.js it ends well without a word. */
function verdict(folder) {
  const command = [join(root, "node_modules/auth/dist/index.mjs"), "check", "--config", "auth.ts"];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: folder }, (error, said, complaint) => {
      if (error?.code === 1) resolve({ missing: [...named(complaint, "tables"), ...named(complaint, "columns")] });
      else if (said.includes("Schema check passed")) resolve({ missing: [] });
      else resolve({ error: complaint.trim() || "no answer" });
    });
  });
}

/** The names below a heading of its report; tables share a line, each column has one. */
function named(report, what) {
  const [, list = ""] = report.match(new RegExp(`Missing ${what}\\n((?: {4}.*(?:\\n|$))+)`)) ?? [];
  return list.split(/[\n,]/).map((name) => name.trim()).filter(Boolean);
}

/** A generated client in what is asked of it: the generator loads a program that is not in the registry. */
function client(schema) {
  const { datamodel } = JSON.parse(dataModel(JSON.stringify({ prismaSchema: schema, noColor: true })));
  const models = Object.fromEntries(datamodel.models.map((model) => [model.name, model]));
  return { "client.mjs": `export default ${JSON.stringify({ _runtimeDataModel: { models } })};` };
}

function sqlite(schema) {
  return {
    "database.mjs": `import { DatabaseSync } from "node:sqlite";
      export const database = new DatabaseSync(":memory:");
      database.exec(${JSON.stringify(schema)});`,
  };
}

function postgres(schema) {
  return {
    "database.mjs": `import { PGlite } from "@electric-sql/pglite";
      import { PGliteDialect } from "kysely-pglite-dialect";
      const postgres = new PGlite();
      await postgres.exec(${JSON.stringify(schema)});
      export const database = { dialect: new PGliteDialect(postgres), type: "postgres" };`,
  };
}
