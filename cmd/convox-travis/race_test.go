//go:build race

package main

// raced is whether the race detector watches, which takes many times as long and
// as much memory.
const raced = true
