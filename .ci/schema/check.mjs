// node check.mjs SCHEMA [EARLIER [ACCEPTED]]: builds the schema with graphql-js, the reference implementation, and
// compares it with an earlier one. A change that breaks clients fails, unless its description is a line of the file
// ACCEPTED, where a reviewer sees it.
import { readFileSync, existsSync } from 'node:fs';
import { assertValidSchema, buildSchema, findBreakingChanges, findDangerousChanges, isIntrospectionType, isSpecifiedScalarType } from 'graphql';

const [path, earlier, accepted] = process.argv.slice(2);
const read = (file) => {
  const schema = buildSchema(readFileSync(file, 'utf8'));
  assertValidSchema(schema);
  return schema;
};

const schema = read(path);
const types = Object.values(schema.getTypeMap()).filter((t) => !isIntrospectionType(t) && !isSpecifiedScalarType(t));
console.log(`graphql-js builds the schema: ${types.length} types`);

if (earlier) {
  const old = read(earlier);
  const known = accepted && existsSync(accepted) ? readFileSync(accepted, 'utf8').split('\n') : [];
  const breaking = findBreakingChanges(old, schema);
  for (const { description } of findDangerousChanges(old, schema)) console.log(`note: ${description}`);
  for (const { description } of breaking) console.log(`${known.includes(description) ? 'accepted' : 'BREAKS CLIENTS'}: ${description}`);
  console.log(`${breaking.length} breaking changes since the earlier schema`);
  if (breaking.some(({ description }) => !known.includes(description))) process.exit(1);
}
