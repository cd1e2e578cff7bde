// node audit.mjs URL: runs the server audits of graphql-http, the reference implementation of GraphQL over HTTP.
//
// Everything that a server MUST or SHOULD do has to hold. Of what it MAY do, we leave out GET: a question holds
// e-mail addresses and customer numbers, and a URL ends up in logs, histories and proxies. These three audits ask for
// GET, so they must fail, and be the only ones.
import { auditServer } from 'graphql-http';

const byChoice = ['5A70', 'D6D5', '6A70'];

const results = await auditServer({ url: process.argv[2] });
const failed = results.filter(({ status }) => status !== 'ok');
for (const { id, name, reason } of failed) console.log(`${byChoice.includes(id) ? 'by choice' : 'FAILED'}: ${id} ${name}: ${reason}`);
console.log(`graphql-http: ${results.length} audits, ${results.length - failed.length} hold, ${failed.length} do not`);

const wrong = failed.filter(({ id, name }) => !byChoice.includes(id) || !name.startsWith('MAY'));
if (results.length < 61 || wrong.length > 0 || failed.length !== byChoice.length) process.exit(1);
