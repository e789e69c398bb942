// Package icap asks a scanner that speaks ICAP (RFC 3507), by its RESPMOD method: the file is sent as if it were the
// answer of a web server, and the scanner lets it through or replaces it.
//
//	RESPMOD, file as HTTP response ─► 204              ─► clean
//	                                  200, same bytes  ─► clean
//	                                  200, with a header that names what was found ─► malware
//	                                  200, other bytes ─► not clean, for a reason of the scanner's own
//	                                  anything else    ─► no answer
package icap
