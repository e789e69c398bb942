// Package console is the page that people see: staff hand files over and read what became of them, administrators decide
// about held files, auditors read the record. It runs in the process of the gateway and speaks HTTPS from its first start.
//
//	browser ─► TLS ─► limits ─► headers ─► same origin? ─► session ─► may this person? ─► page
//	                                                                      │
//	                                                        account, index (what was), Gateway (what is to be done)
//
// Promises. Every action works as a plain form without JavaScript. Nothing is changed by a GET. What belongs to another
// office answers exactly as what does not exist. Text that comes from outside (names, reasons, what a scanner said) is
// never part of a sentence of ours: it is quoted, isolated from the direction of our text, and what cannot be seen in it is
// shown (package notice, Visible). No byte of an original goes to a browser but as a file that is encrypted with age.
//
// The package knows the gateway by the interface Gateway only; cmd/sekisho joins them.
package console
