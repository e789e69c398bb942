// Package manifest defines what crosses between the zones: a sealed package.
//
// A package is one object, so that one rename commits it:
//
//	"SEKISHO1" │ key id 32 │ length of manifest 4 │ manifest │ signature 64 │ body
//	└─────────────────────────── header ────────────────────────────────────┘
//
// The manifest is canonical JSON (RFC 8785), signed with Ed25519 under the domain "sekisho manifest v1\n". Numbers are
// big-endian. The key id is the SHA-256 of the gateway's public key.
//
// Promises. Seal makes only what Open accepts. Open checks the signature before it parses a byte of JSON, and then
// accepts one spelling only: unknown fields, doubled fields, other white space or another order are refused, because
// what was read is encoded again and must give the same bytes. Names inside a manifest are safe to create below a
// release folder on Linux and to show on Windows: see CheckName. Nothing here is trusted because the link is secure.
package manifest
