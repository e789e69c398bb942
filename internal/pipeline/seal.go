package pipeline

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
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
	root  *os.Root

	mu   sync.Mutex
	last uint64 // the newest number given
	kept uint64 // the newest number that the counter on disk covers
}

// openSealer finds the newest number that was ever given.
func openSealer(root *os.Root, spool *queue.Spool, key ed25519.PrivateKey) (*sealer, error) {
	s := &sealer{key: key, spool: spool, root: root}
	text, err := root.ReadFile(sequenceFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read package counter: %w", err)
	}
	if err == nil {
		if s.kept, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err != nil {
			return nil, fmt.Errorf("cannot read package counter: %w", err)
		}
	}
	s.last = s.kept
	trusted := manifest.Trust(key.Public().(ed25519.PublicKey))
	for id, err := range spool.List() {
		if err != nil {
			return nil, err
		}
		if !spool.Has(id, headerFile) {
			continue
		}
		f, err := spool.Open(id, headerFile)
		if err != nil {
			return nil, err
		}
		sealed, err := manifest.Open(f, trusted)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("cannot read sealed header of job %s: %w", id, err)
		}
		s.last = max(s.last, sealed.Sequence)
	}
	return s, nil
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
	if err := s.spool.WriteFile(id, headerFile, header); err != nil {
		return 0, err
	}
	s.last = m.Sequence
	return m.Sequence, nil
}

// keep makes sure that the counter on disk covers every number given so far. It is called before a folder with a
// header is removed.
func (s *sealer) keep() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == s.last {
		return nil
	}
	if err := durable.WriteFile(s.root, sequenceFile, []byte(strconv.FormatUint(s.last, 10)+"\n"), 0o600); err != nil {
		return fmt.Errorf("cannot write package counter: %w", err)
	}
	s.kept = s.last
	return nil
}
