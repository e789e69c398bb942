// Package sftplink is the sending side of the SFTP link: it puts sealed packages into the receiver's spool.
//
//	Send: open <id>.pkg.part ─► write header and body ─► close ─► rename to <id>.pkg   (the receiver syncs, then answers)
//
// One Link is one SSH connection to a receiver whose host key is pinned. Packages travel side by side in several
// sessions of it. Send returns nil when, and only when, the receiver holds the whole package durably; a package that the
// receiver has already (a lost answer, a crash before the answer was noted) counts as sent, so sending again is always safe.
//
// The package keeps no queue and waits for nothing but the network: how often to try again, and when to dial again, is the
// caller's. Errors say which: see Retryable, ErrBroken, ErrBusy, ErrRefused, ErrHostKey.
package sftplink
