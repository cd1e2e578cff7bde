// Every rule that graphql-schema-linter 3 has, but for four: fields, input fields, interface fields and enum values
// in the order of the alphabet. Ours stand in the order in which a reader wants them (id, name, address), enums in
// the order of a life (draft, open, paid), and OTHER last.
//
// The Relay rules hold for all connections. They page forwards only, so `first` may be non-null with a default.
module.exports = {
  rules: [
    'arguments-have-descriptions',
    'defined-types-are-used',
    'deprecations-have-a-reason',
    'descriptions-are-capitalized',
    'enum-values-all-caps',
    'enum-values-have-descriptions',
    'fields-are-camel-cased',
    'fields-have-descriptions',
    'input-object-values-are-camel-cased',
    'input-object-values-have-descriptions',
    'relay-connection-arguments-spec',
    'relay-connection-types-spec',
    'relay-page-info-spec',
    'types-are-capitalized',
    'types-have-descriptions',
  ],
};
