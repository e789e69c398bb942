package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"path"

	"sekisho/internal/durable"
)

// Intake is a file on its way into the spool: an io.Writer that counts and hashes. It is not accepted before Commit.
type Intake struct {
	spool *Spool
	id    ID
	file  *durable.File
	hash  hash.Hash
	size  int64
	done  bool
}

// Begin starts to take in the file of the job called id, anew when an earlier attempt broke off. The error wraps
// fs.ErrExist when that job has been accepted already; then the source may forget its file.
func (s *Spool) Begin(id ID) (*Intake, error) {
	if err := id.Check(); err != nil {
		return nil, err
	}
	if s.Has(id, jobFile) {
		return nil, fmt.Errorf("cannot take in job %s twice: %w", id, fs.ErrExist)
	}
	if err := s.root.RemoveAll(string(id)); err != nil {
		return nil, fmt.Errorf("cannot remove half-made job: %w", err)
	}
	if err := s.root.Mkdir(string(id), 0o700); err != nil { // synced by Commit
		return nil, fmt.Errorf("cannot make folder of job: %w", err)
	}
	f, err := durable.Begin(s.root, path.Join(string(id), OriginalFile), 0o600)
	if err != nil {
		return nil, err
	}
	return &Intake{spool: s, id: id, file: f, hash: sha256.New()}, nil
}

// Write adds p to the original.
func (in *Intake) Write(p []byte) (int, error) {
	n, err := in.file.Write(p)
	in.hash.Write(p[:n]) // never fails
	in.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("cannot write original: %w", err)
	}
	return n, nil
}

// Size is the number of bytes written so far.
func (in *Intake) Size() int64 { return in.size }

// SHA256 is the digest of the bytes written so far, in lower-case hex.
func (in *Intake) SHA256() string { return hex.EncodeToString(in.hash.Sum(nil)) }

// Commit accepts the job: it is durable when Commit returns. ID, Size and SHA256 are filled in; the job is returned as it
// was written. After an error the job was not accepted.
func (in *Intake) Commit(job Job) (Job, error) {
	defer in.Abort()
	job.Version, job.ID, job.Size, job.SHA256 = jobVersion, in.id, in.size, in.SHA256()
	b, err := job.encode()
	if err != nil {
		return Job{}, err
	}
	if err := in.file.CommitUnsynced(); err != nil {
		return Job{}, err
	}
	if err := in.spool.WriteFile(in.id, jobFile, b); err != nil { // syncs the job's folder, with both names in it
		return Job{}, err
	}
	if err := durable.SyncDir(in.spool.root, "."); err != nil {
		return Job{}, err
	}
	in.done = true
	return job, nil
}

// Abort forgets the file. It does nothing after a commit, so it is safe to defer.
func (in *Intake) Abort() {
	if in.done {
		return
	}
	in.done = true
	in.file.Abort()
	in.spool.Remove(in.id) // what stays is half-made, and the next OpenSpool removes it
}
