package receiver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/pkg/sftp"

	"sekisho/transfer/manifest"
)

// The status codes a sender can see. Two are beyond SFTP version 3 (draft-ietf-secsh-filexfer-13 section 9.1), which has only
// "failure" for what needs opposite reactions. The text of an error never leaves: it could say what is on the disk.
const (
	statusRefused = sftp.ErrSSHFxPermissionDenied // never
	statusExists  = sftp.ErrSSHFxOk + 11          // SSH_FX_FILE_ALREADY_EXISTS: no need to
	statusNoSpace = sftp.ErrSSHFxOk + 14          // SSH_FX_NO_SPACE_ON_FILESYSTEM: not now
)

// statusOf gives err the code that the sender sees. What is not the sender's fault is "not now".
func statusOf(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errKnown):
		return statusExists
	case errors.Is(err, errTooLarge), errors.Is(err, errOverlap), errors.Is(err, errHoles), errors.Is(err, errGone):
		return statusRefused
	}
	return statusNoSpace
}

// session is one SFTP session. Everything but creating, writing and renaming a new package is refused.
type session struct {
	ctx context.Context
	r   *Receiver
	log *slog.Logger

	mu    sync.Mutex
	parts map[string]*part // by package id
}

var (
	_ sftp.FileReader = (*session)(nil)
	_ sftp.FileWriter = (*session)(nil)
	_ sftp.FileCmder  = (*session)(nil)
	_ sftp.FileLister = (*session)(nil)
)

// serve speaks SFTP on channel until the sender or the connection ends, and forgets what was not finished.
func (s *session) serve(channel io.ReadWriteCloser) {
	handlers := sftp.Handlers{FileGet: s, FilePut: s, FileCmd: s, FileList: s}
	server := sftp.NewRequestServer(channel, handlers, sftp.WithRSAllocator())
	if err := server.Serve(); err != nil && !errors.Is(err, io.EOF) {
		s.log.Info("session ended", "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		p.abort()
	}
}

// Filewrite begins a package: the name is /<id>.pkg.part, for writing only, and new.
func (s *session) Filewrite(req *sftp.Request) (io.WriterAt, error) {
	flags := req.Pflags()
	id, ok := packageID(req.Filepath, partExt)
	if !ok || flags.Read || flags.Append || !flags.Creat || !flags.Write {
		s.log.Warn("refused to open", "untrusted_name", req.Filepath)
		return nil, statusRefused
	}
	if s.r.ledger.known(id) || s.r.spool.has(id) {
		return nil, s.r.again(s.ctx, id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.parts[id]; old != nil {
		old.abort() // this sender has begun again
	} else if len(s.parts) >= s.r.opt.Limits.Parts {
		return nil, statusRefused
	}
	p, err := newPart(s.r.spool, id)
	if err != nil {
		s.log.Warn("cannot take package now", "id", id, "error", err)
		return nil, statusOf(err)
	}
	s.parts[id] = p
	return p, nil
}

// Filecmd takes one command: the rename that commits a package.
func (s *session) Filecmd(req *sftp.Request) error {
	from, ok := packageID(req.Filepath, partExt)
	to, ok2 := packageID(req.Target, packageExt)
	if req.Method != "Rename" || !ok || !ok2 || from != to {
		s.log.Warn("refused command", "method", req.Method, "untrusted_name", req.Filepath)
		return statusRefused
	}
	s.mu.Lock()
	p := s.parts[from]
	delete(s.parts, from)
	s.mu.Unlock()
	if p == nil {
		return statusRefused
	}
	if s.r.ledger.known(from) { // another session was faster
		p.abort()
		return s.r.again(s.ctx, from)
	}
	if err := p.commit(); err != nil {
		p.abort()
		s.log.Warn("cannot take package", "id", from, "error", err)
		return statusOf(err)
	}
	s.r.line.add(from)
	return nil
}

// Fileread refuses: nothing can be read.
func (s *session) Fileread(*sftp.Request) (io.ReaderAt, error) { return nil, statusRefused }

// Filelist refuses: nothing can be listed or looked at.
func (s *session) Filelist(*sftp.Request) (sftp.ListerAt, error) { return nil, statusRefused }

// packageID returns the id in the name /<id><ext>.
func packageID(name, ext string) (string, bool) {
	id, ok := strings.CutSuffix(strings.TrimPrefix(name, "/"), ext)
	return id, ok && manifest.CheckID(id) == nil
}
