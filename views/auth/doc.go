// Package auth draws what stands before the door: signing in, and setting up the
// first administrator.
package auth
