package pipeline

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"sekisho/internal/durable"
	"sekisho/queue"
	"sekisho/transfer/manifest"
)

// The names of the files that the stages add to a job's folder.
const (
	rebuiltFile = "rebuilt"     // the output of the format's writer, once scanner and judge passed it
	reportFile  = "report.json" // what was found
	headerFile  = "header"      // the sealed header: from here on the job is at the stage of sending
)

// sequenceFile holds the newest number that a package which has left the spool may have.
const sequenceFile = "sequence"

// sealer signs manifests and numbers them 1, 2, 3 … without a gap. A number is used up when the sealed header is
// durable in the job's folder; the counter on disk is brought up before the first folder with a newer number goes, so
// that the newest of both is always known.
type sealer struct {
	key   ed25519.PrivateKey
	spool *queue.Spool
	cell  *durable.Cell

	mu   sync.Mutex
	last uint64 // the newest number given
	kept uint64 // the newest number that the counter on disk covers
}

// openSealer finds the newest number that was ever given.
func openSealer(root *os.Root, spool *queue.Spool, key ed25519.PrivateKey) (*sealer, error) {
	s := &sealer{key: key, spool: spool}
	var err error
	if s.cell, err = durable.OpenCell(root, sequenceFile, 0o600); err != nil {
		return nil, err
	}
	text, err := s.cell.Read()
	if err == nil {
		s.kept, err = strconv.ParseUint(string(text), 10, 64)
	}
	if err != nil && !errors.Is(err, durable.ErrNoCell) {
		return nil, errors.Join(fmt.Errorf("cannot read package counter: %w", err), s.cell.Close())
	}
	if err := s.newest(); err != nil {
		return nil, errors.Join(err, s.cell.Close())
	}
	return s, nil
}

// newest looks through the sealed headers in the spool for numbers that the counter does not cover yet.
func (s *sealer) newest() error {
	s.last = s.kept
	trusted := manifest.Trust(s.key.Public().(ed25519.PublicKey))
	for id, err := range s.spool.List() {
		if err != nil {
			return err
		}
		if !s.spool.Has(id, headerFile) {
			continue
		}
		f, err := s.spool.Open(id, headerFile)
		if err != nil {
			return err
		}
		sealed, err := manifest.Open(f, trusted)
		f.Close()
		if err == nil { // a damaged one will never be sent, so its number is free
			s.last = max(s.last, sealed.Sequence)
		}
	}
	return nil
}

// seal numbers and signs m, and writes the header into the folder of the job. It returns the number.
func (s *sealer) seal(id queue.ID, m manifest.Manifest) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Sequence = s.last + 1
	header, err := manifest.Seal(m, s.key)
	if err != nil {
		return 0, fmt.Errorf("cannot seal package: %w", err)
	}
	err = s.spool.WriteFile(id, headerFile, header)
	if err == nil || s.spool.Has(id, headerFile) { // a header whose folder could not be synced is there, and will be sent
		s.last = m.Sequence
	}
	return m.Sequence, err
}

// keep makes sure that the counter on disk covers every number given so far. It is called before a folder with a
// header is removed.
func (s *sealer) keep() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == s.last {
		return nil
	}
	if err := s.cell.Write(strconv.AppendUint(nil, s.last, 10)); err != nil {
		return fmt.Errorf("cannot write package counter: %w", err)
	}
	s.kept = s.last
	return nil
}
