package sftplink

import (
	"crypto/ed25519"
	"errors"
	"io"
	"time"
)

// Kinds of errors of Dial and Send.
var (
	ErrBroken  = errors.New("link is broken")                  // dial again, then send again
	ErrBusy    = errors.New("receiver cannot take it now")     // full spool, full disk: send again later
	ErrRefused = errors.New("receiver refuses the package")    // final for this package: too large, bad id
	ErrHostKey = errors.New("host key is not the pinned one")  // an administrator must look; nothing was sent
	ErrAuth    = errors.New("receiver does not know this key") // an administrator must look
	ErrSource  = errors.New("cannot read the package")         // the sender's own file failed
)

// Retryable reports whether the same package may succeed later without a person acting.
func Retryable(err error) bool { return errors.Is(err, ErrBroken) || errors.Is(err, ErrBusy) }

// Options of a link. The zero value of each optional field gets the default in brackets.
type Options struct {
	Addr    string             // host:port
	User    string             // SSH user name ["sekisho"]
	Key     ed25519.PrivateKey // proves the sender
	HostKey ed25519.PublicKey  // the only host key that is accepted

	Sessions int           // packages on their way at once [4]
	Connect  time.Duration // for TCP, SSH and the sessions together [10 s]
	Patience time.Duration // without any progress of a package before the link counts as broken [60 s]
}

// Package is one sealed package.
type Package struct {
	ID     string    // see manifest.CheckID
	Header []byte    // as manifest.Seal returned it
	Body   io.Reader // exactly Length bytes
	Length int64
}
