// Package command is what the program's commands do: it opens the house from a
// configuration and serves, checks, or describes it. It is the only place that
// knows all rooms.
package command
