// Package wire is the language between a worker pool and its children: one ready message, one request, one response.
//
// The ready message is two bytes: the version of this language, and the set of sandbox layers that the child could
// not enter. A request and a response are each a length of four bytes, big endian, and a JSON object of that length.
// The descriptors of input and output travel beside the first byte of the request.
package wire
