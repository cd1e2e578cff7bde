// node ask.mjs URL: asks a started sandbox one question, as a newcomer would, and checks the answer.
const query = '{ customers(first: 3) { nodes { displayName orders(first: 1) { nodes { number } complete } } complete gaps { state } } sources { name state } }';
const response = await fetch(process.argv[2], {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query }),
});
const answer = await response.json();
const problems = [];
const expect = (what, holds) => holds || problems.push(what);
expect(`status 200, got ${response.status}`, response.status === 200);
expect('no errors', !answer.errors);
expect('three customers with names', answer.data?.customers?.nodes?.length === 3 && answer.data.customers.nodes.every((c) => c.displayName));
expect('complete lists without gaps', answer.data?.customers?.complete && answer.data.customers.gaps.length === 0 && answer.data.customers.nodes.every((c) => c.orders.complete));
expect('four systems that answer', answer.data?.sources?.length === 4 && answer.data.sources.every((s) => s.state === 'LIVE' || s.state === 'CACHED'));
if (problems.length > 0) {
  console.log(`expected: ${problems.join('; ')}\n${JSON.stringify(answer, null, 1).slice(0, 4000)}`);
  process.exit(1);
}
console.log(`${process.argv[2]} answers: ${answer.data.customers.nodes.map((c) => c.displayName).join(', ')}`);
