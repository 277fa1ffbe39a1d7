import { readFile, writeFile } from 'node:fs/promises';
import { descriptions } from './descriptions.ts';

for (const { path, text } of descriptions()) {
  if (process.argv.includes('--write')) {
    await writeFile(path, text);
    console.log(`${path}: written`);
    continue;
  }
  const isSame = (await readFile(path, 'utf8').catch(() => '')) === text;
  console.log(`${path}: ${isSame ? 'up to date' : 'differs from the contracts'}`);
  if (isSame) continue;
  console.error('Run: node tools/contracts/bin/contracts.mjs --write');
  process.exitCode = 1;
}
