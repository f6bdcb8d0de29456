/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* Tests one after the other, in TAP; a name on the command line runs those that have it in theirs. */

const tests = [];
const chosen = process.argv.slice(2);

export const test = (name, run) => tests.push({ name, run });

export function equal(actual, expected, words) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${words}: ${a} instead of ${b}`);
}

export function ok(value, words) {
  if (!value) throw new Error(words);
}

/* True when all passed. `after`: what is done after each. */
export async function runTests(after) {
  const wanted = tests.filter(({ name }) => chosen.length === 0 || chosen.some((word) => name.includes(word)));
  let failed = 0;
  console.log(`1..${wanted.length}`);
  for (const [index, { name, run }] of wanted.entries()) {
    try {
      await run();
      await after();
      console.log(`ok ${index + 1} - ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok ${index + 1} - ${name}\n${String(error.stack || error).replace(/^/gm, '# ')}`);
      await after().catch((fault) => console.log(`# ${fault}`));
    }
  }
  return failed === 0;
}
