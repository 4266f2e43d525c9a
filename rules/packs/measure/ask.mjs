// Asks releases of better-auth.
//
//   node ask.mjs RELEASE < configurations.json > answers.json

import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { install } from "./install.mjs";

const ANSWER = fileURLToPath(new URL("answer.mjs", import.meta.url));

/**
 * The schemas of configurations, in their order: `{ tables }` or `{ error }`. Each is asked in a process of its own: in
 * many releases, options that rename tables change the library's own schemas for the rest of the process.
 */
export async function schemas(release, configurations) {
  const folder = await install(release);
  const answers = new Array(configurations.length);
  let next = 0;
  const work = async () => {
    for (let place = next++; place < answers.length; place = next++) answers[place] = await ask(folder, "schema", configurations[place]);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return answers;
}

/** The functions that each module of a release and its companions exports. */
export async function exports(release) {
  return ask(await install(release), "exports");
}

function ask(folder, question, about) {
  return new Promise((resolve, reject) => {
    const child = fork(ANSWER, [folder], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    let complaint = "";
    child.stderr.on("data", (text) => (complaint += text));
    child.once("message", resolve);
    child.once("exit", (code) => reject(new Error(`no answer from ${folder} (${code}): ${complaint}`)));
    child.send({ question, about });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await schemas(process.argv[2], await json(process.stdin))));
}
