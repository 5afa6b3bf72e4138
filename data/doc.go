// Package data is the data platform: it finds out what a folder or file holds,
// imports it into an immutable, content-addressed dataset version, and gives the
// samples to training, serving and the console.
//
// A version is its manifest, a small JSON text whose SHA-256 is the version's
// hash. What is large lies in blobs that the manifest names by their hashes: the
// sample index, packs of original sample bytes, and tables by columns.
package data
