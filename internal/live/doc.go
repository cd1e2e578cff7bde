// Package live starts real shop and accounting systems on this machine, fills them with an invented clientele through
// their own APIs, and reads back what they themselves report about each customer.
//
// It is the yardstick of the live test (build tag live): nothing in it knows a connector, the seam or GraphQL, so its
// answers can be compared with those of customer360. The systems are installed by .ci/live/install.
package live
