// Package live starts real shop and accounting systems on this machine, fills them with an invented clientele through
// their own APIs, and reads back what they themselves report about each customer.
//
// It is the yardstick of the live test (build tag live): nothing in it but the tests knows a connector or customer360,
// so its answers can be compared with those of customer360. The test TestCustomer360 builds and runs the real program
// over these systems and two faked neighbours, and compares field by field. The systems are installed by .ci/live/install.
package live
