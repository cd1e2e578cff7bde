// Package sandbox serves every vendor's fake from one invented world on
// loopback, and describes the real connectors to them. The product in the sandbox
// is therefore the product itself with other addresses: there is no demo code
// path, and the demo cannot lie.
package sandbox
