package quarantine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"

	"filippo.io/age"

	"sekisho/internal/durable"
)

// Instruction asks the gateway to treat a held file again, or, after two people decided so, to release it as it is.
type Instruction struct {
	Version    int    `json:"version"`
	Job        string `json:"job"`
	Generation int    `json:"generation"` // of the new treatment
	Policy     string `json:"policy"`     // name; "" for an exception
	Password   string `json:"password,omitempty"`
	Exception  bool   `json:"exception,omitempty"`
	Requester  string `json:"requester,omitempty"` // of an exception

	Approvals []Approval `json:"approvals,omitempty"` // of an exception, in their order

	Actor   string `json:"actor"`    // who instructed, or approved
	FileKey []byte `json:"file_key"` // opens this one original
}

// maxPassword bounds a password, in bytes.
const maxPassword = 1 << 10

// Instruct has a held file treated again, under policy and with a password where one is needed ("" for none). review opens
// the file; what it opens, and the password, go to the gateway sealed. The gateway acts on it when it runs next, also
// after a restart.
func (s *Store) Instruct(id, actor, reason, policy, password string, review ...age.Identity) error {
	d := Decision{What: DidInstruct, Actor: actor, Reason: reason, Policy: policy}
	return s.change(id, d, func(e *Entry, _ *Decision) error {
		if policy == "" || len(policy) > maxWords || len(password) > maxPassword {
			return errors.New("a policy is missing, or the password is too long")
		}
		return s.instruct(e, Instruction{Policy: policy, Password: password, Actor: actor}, review)
	})
}

// Approve makes the next approval of what another person asked for, and, when it was the last one that the item needs, releases
// the original as it is. It fails with ErrSamePerson when the person asked for it or has approved already, under whatever spelling
// of the name, and with ErrRole when the next approval is not this person's to make.
func (s *Store) Approve(id string, by By, review ...age.Identity) error {
	return s.change(id, by.decide(DidApprove), func(e *Entry, d *Decision) error {
		steps, done := s.stepsOf(*e)
		d.Role = steps[len(done)]
		done = append(done, Approval{Actor: d.Actor, Role: d.Role})
		if len(done) < len(steps) {
			return nil
		}
		return s.instruct(e, Instruction{Exception: true, Requester: e.State.Requester(), Actor: d.Actor, Approvals: done}, review)
	})
}

// instruct writes the sealed instruction, and sets the state that the caller then writes. An instruction whose state is not
// written does not count: the gateway looks at the state first.
func (s *Store) instruct(e *Entry, in Instruction, review []age.Identity) error {
	if s.opt.Gateway == nil {
		return errors.New("the gateway's key is not configured")
	}
	key, err := s.fileKey(e.Item.Job, review)
	if err != nil {
		return err
	}
	in.Version, in.Job, in.Generation, in.FileKey = itemVersion, e.Item.Job, e.State.Generation+1, key
	sealed, err := seal(in, s.opt.Gateway)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(s.root, path.Join(in.Job, releaseFile), sealed, 0o600); err != nil {
		return err
	}
	e.State.Stage, e.State.Generation, e.State.Exception = Instructed, in.Generation, in.Exception
	return nil
}

// fileKey takes the key of one original out of its header.
func (s *Store) fileKey(id string, review []age.Identity) ([]byte, error) {
	f, err := s.root.Open(path.Join(id, originalFile))
	if err != nil {
		return nil, fmt.Errorf("cannot open held file: %w", err)
	}
	defer f.Close()
	header, err := age.ExtractHeader(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if len(review) == 0 {
		return nil, ErrKey
	}
	key, err := age.DecryptHeader(header, review...)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrKey, err)
	}
	return key, nil
}

func seal(in Instruction, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, fmt.Errorf("cannot seal instruction: %w", err)
	}
	if err := json.NewEncoder(w).Encode(in); err != nil {
		return nil, fmt.Errorf("cannot encode instruction: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("cannot seal instruction: %w", err)
	}
	return out.Bytes(), nil
}

// Unseal opens a sealed instruction with the gateway's key.
func Unseal(sealed []byte, gateway age.Identity) (Instruction, error) {
	r, err := decrypt(bytes.NewReader(sealed), gateway)
	if err != nil {
		return Instruction{}, err
	}
	b, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return Instruction{}, fmt.Errorf("cannot unseal instruction: %w: %v", ErrDamaged, err)
	}
	var in Instruction
	if err := strict(b, &in); err != nil {
		return Instruction{}, fmt.Errorf("cannot unseal instruction: %w", err)
	}
	if in.Version != itemVersion {
		return Instruction{}, fmt.Errorf("%w: instruction of version %d", ErrDamaged, in.Version)
	}
	return in, nil
}

// Pending yields the items that have an instruction which the gateway has not finished: those that it has not taken, and
// those that it took before it was stopped, which it takes again. An error of one item does not end it.
func (s *Store) Pending() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range s.List() {
			busy := e.State.Stage == Instructed || e.State.Stage == Treating && s.has(e.Item.Job, releaseFile)
			if (err != nil || busy) && !yield(e, err) {
				return
			}
		}
	}
}

// Taken is an instruction with the file that it is about.
type Taken struct {
	Instruction
	Item     Item
	Sealed   []byte        // the instruction as it lies on disk: what a job keeps, to Unseal it when it needs the password
	Original io.ReadCloser // the held file in the clear; the caller closes it
}

// Take opens the instruction of an item with the gateway's key, and marks the item as being treated. The gateway puts the
// original into its spool as the next generation of the job and then calls Accepted; until then Take can be repeated. It
// fails with ErrDamaged when the instruction is not the one that the item's state speaks of, and with ErrExceptions or
// ErrMalware when what it asks is not allowed here, whoever wrote it.
func (s *Store) Take(id string, gateway age.Identity) (Taken, error) {
	lock, err := s.lock(id, true)
	if err != nil {
		return Taken{}, err
	}
	defer lock.Close()
	e, err := s.Get(id)
	if err != nil {
		return Taken{}, err
	}
	if e.State.Stage != Instructed && e.State.Stage != Treating {
		return Taken{}, fmt.Errorf("cannot take %s: %w: %s", id, ErrState, e.State.Stage)
	}
	sealed, err := s.readFile(id, releaseFile)
	if err != nil {
		return Taken{}, err
	}
	in, err := Unseal(sealed, gateway)
	if err == nil {
		err = s.checkInstruction(&e, in)
	}
	if err != nil {
		return Taken{}, fmt.Errorf("cannot take %s: %w", id, err)
	}
	original, err := s.Original(id, age.NewInjectedFileKeyIdentity(in.FileKey))
	if err != nil {
		return Taken{}, err
	}
	if e.State.Stage != Treating {
		e.State.Stage, e.State.Since = Treating, s.opt.Now().UTC()
		if err := s.write(id, stateFile, e.State); err != nil {
			original.Close()
			return Taken{}, err
		}
	}
	return Taken{Instruction: in, Item: e.Item, Sealed: sealed, Original: original}, nil
}

// checkInstruction fails unless an instruction fits the item's state and is allowed.
func (s *Store) checkInstruction(e *Entry, in Instruction) error {
	if in.Job != e.Item.Job || in.Generation != e.State.Generation || in.Exception != e.State.Exception {
		return fmt.Errorf("%w: the instruction is not the one of the state", ErrDamaged)
	}
	if e.Item.Malware() {
		return ErrMalware
	}
	if !in.Exception {
		return nil
	}
	if err := s.mayExcept(*e); err != nil {
		return err
	}
	return s.checkApprovals(e.Item, in)
}

// Accepted says that the job of this generation is in the spool: the instruction is forgotten.
func (s *Store) Accepted(id string, generation int) error {
	return s.settle(id, generation, func(*State) {}, true)
}

// MarkReleased says that the treatment of this generation crossed.
func (s *Store) MarkReleased(id string, generation int) error {
	return s.settle(id, generation, func(st *State) { st.Stage = Released }, false)
}

// Failed gives an instruction that cannot be followed back to people.
func (s *Store) Failed(id string, generation int) error {
	return s.settle(id, generation, func(st *State) { st.Stage, st.Exception = Waiting, false }, true)
}

// settle changes the state of an item that is being treated, when that is still about this generation. An item that was
// deleted, or is further on, needs nothing.
func (s *Store) settle(id string, generation int, change func(*State), forget bool) error {
	lock, err := s.lock(id, true)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	e, err := s.Get(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	busy := e.State.Stage == Treating || e.State.Stage == Instructed
	if !busy || e.State.Generation != generation {
		return nil
	}
	change(&e.State)
	e.State.Since = s.opt.Now().UTC()
	if err := s.write(id, stateFile, e.State); err != nil {
		return err
	}
	if forget {
		return s.remove(id, releaseFile)
	}
	return nil
}
