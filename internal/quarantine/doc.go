// Package quarantine keeps what was held: each original encrypted, beside a readable account of why it is there.
//
//	<job id>/item.json      what was found and why it was held; written last, so a folder without it is half-made
//	         original.age   the file, encrypted to the review key (age, X25519)
//	         state.json     what people decided
//	         release.age    an instruction on its way to the gateway, sealed to the gateway's key
//
// The gateway holds files with the public half of the review key alone. Whoever reviews has the private half, in a file that
// the gateway need not be able to read. To have one file treated again, the reviewer gives the gateway the key of that one
// file, never the review key: age encrypts each file under a key of its own, which is taken out of the header and put into
// an instruction that only the gateway can open, together with a password, if there is one.
//
//	held ──► instructed ──► treating ──► held (again, next generation) or released
//	  │ └► requested ──► (second person) instructed as exception
//	  └──► rejected
//
// Several processes use one store: the gateway, the command line, the console. Every change is made under the lock of the
// item's folder, on the state that lies there then.
package quarantine
