// Package enginetest is test support for the engine: the conformance suites of
// node and trigger types, a runner for single steps, and fakes for what a node may
// use. It is imported by tests only.
package enginetest
