package sftplink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/pkg/sftp"

	"sekisho/transfer/manifest"
)

// Status codes beyond those of SFTP version 3, from draft-ietf-secsh-filexfer-13 section 9.1. The receiver uses them because
// version 3 says only "failure", and these two need opposite reactions.
const (
	statusExists  = 11 // SSH_FX_FILE_ALREADY_EXISTS: the receiver has the package
	statusNoSpace = 14 // SSH_FX_NO_SPACE_ON_FILESYSTEM: later
	statusFailure = 4  // SSH_FX_FAILURE: the receiver's disk or journal
)

var errExists = errors.New("receiver has it already")

// Send puts p into the receiver's spool. It returns nil when the receiver has it durably; otherwise the error is of one of the
// package's kinds, or the context's.
func (l *Link) Send(ctx context.Context, p Package) error {
	if err := manifest.CheckID(p.ID); err != nil {
		return fmt.Errorf("cannot send package: %w: %v", ErrRefused, err)
	}
	s, giveBack, err := l.session(ctx)
	if err == nil {
		err = l.put(ctx, s, p)
		giveBack(err != nil && !errors.Is(err, errExists) && !errors.Is(err, ErrRefused))
	}
	if err == nil || errors.Is(err, errExists) {
		return nil
	}
	return fmt.Errorf("cannot send package %s: %w", p.ID, err)
}

// put writes p in session s. It breaks s off when ctx ends or nothing moves for Patience.
func (l *Link) put(ctx context.Context, s *sftp.Client, p Package) error {
	ended := make(chan struct{})
	defer close(ended)
	stop := context.AfterFunc(ctx, func() { l.breakOff(s, ended) })
	defer stop()
	stuck := time.AfterFunc(l.opt.Patience, func() { l.breakOff(s, ended) })
	defer stuck.Stop()
	body := &source{r: p.Body, moved: func() { stuck.Reset(l.opt.Patience) }}
	err := upload(s, p, body)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case body.err != nil:
		return fmt.Errorf("%w: %v", ErrSource, body.err)
	}
	return classify(err)
}

// breakOff stops what goes on in session s: politely, by closing it, which needs an answer; and when none comes, with the
// connection. ended is closed when it has stopped.
func (l *Link) breakOff(s *sftp.Client, ended <-chan struct{}) {
	cut := time.AfterFunc(grace, func() { l.conn.Close() })
	s.Close() // may wait for the network itself
	<-ended
	cut.Stop()
}

// upload is the exchange itself. A failure leaves a part file that the receiver forgets with the session.
func upload(s *sftp.Client, p Package, body *source) error {
	part := p.ID + ".pkg.part"
	f, err := s.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	size := int64(len(p.Header)) + p.Length
	all := io.MultiReader(bytes.NewReader(p.Header), body)
	n, err := f.ReadFrom(&io.LimitedReader{R: all, N: size}) // a LimitedReader tells the size, so that writes run in parallel
	if err != nil {
		return err
	}
	if n != size {
		body.err = io.ErrUnexpectedEOF
		return body.err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return s.Rename(part, p.ID+".pkg")
}

// classify gives what the library returned its kind.
func classify(err error) error {
	var status *sftp.StatusError
	switch {
	case errors.As(err, &status) && status.Code == statusExists:
		return errExists
	case errors.As(err, &status) && (status.Code == statusNoSpace || status.Code == statusFailure):
		return fmt.Errorf("%w: %v", ErrBusy, err)
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %v", ErrRefused, err)
	case status != nil && status.Code != uint32(sftp.ErrSSHFxConnectionLost) && status.Code != uint32(sftp.ErrSSHFxNoConnection):
		return fmt.Errorf("%w: %v", ErrRefused, err)
	}
	return fmt.Errorf("%w: %v", ErrBroken, err)
}

// source is the body being read. It remembers its own error, since the library's does not say which side failed.
type source struct {
	r     io.Reader
	moved func()
	err   error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	s.moved()
	return n, err
}
