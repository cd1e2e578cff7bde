// Package config reads the one YAML file of the operator: strictly, so that a
// key of no meaning is an error with its line, and in full before anything
// starts, so that a faulty file never starts half.
package config
