package policy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/durable"
	"sekisho/internal/person"
)

// Errors that a person may be told about.
var (
	ErrRules      = errors.New("the rules cannot be so")
	ErrActor      = errors.New("the person must be named")
	ErrReason     = errors.New("a reason is missing or too long")
	ErrSamePerson = errors.New("a second person must activate") // who proposed cannot activate
	ErrPending    = errors.New("there is a proposal already")
	ErrNone       = errors.New("there is no such proposal") // nobody made one, or not the one that the person has seen
	ErrSame       = errors.New("the proposal changes nothing")
	ErrDamaged    = errors.New("a version of the policies is damaged")
)

// Proposal is what one person proposes to be the next version.
type Proposal struct {
	Base     int       `json:"base"` // the version that it changes
	Rules    Rules     `json:"rules"`
	Back     int       `json:"back"` // the version that it goes back to; -1: to none
	Actor    string    `json:"actor"`
	Reason   string    `json:"reason"`
	Proposed time.Time `json:"proposed"`
}

// None is the Back of what goes back to no version.
const None = -1

// ID names the proposal by its content: who activates one has seen that one.
func (p Proposal) ID() string {
	b, err := json.Marshal(p)
	if err != nil { // of plain fields: it always encodes
		panic(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// Version is one version of the rules. Number 0 is what is so before anybody chose.
type Version struct {
	Number    int       `json:"number"`
	Proposal  Proposal  `json:"proposal"`
	Activator string    `json:"activator"`
	Reason    string    `json:"reason"`
	Activated time.Time `json:"activated"`
}

// Rules are what the version says.
func (v Version) Rules() Rules { return v.Proposal.Rules }

// shipped is version 0.
func shipped() Version { return Version{Proposal: Proposal{Rules: Shipped(), Back: None}} }

// Options are what a store works with.
type Options struct {
	Record func(context.Context, audit.Event) error // puts an event on record, durably
	Now    func() time.Time                         // default time.Now
}

// Store is the folder of versions.
type Store struct {
	root   *os.Root
	opt    Options
	active atomic.Pointer[Version]
}

// The names in the folder.
const proposalFile = "proposal.json"

func versionFile(n int) string { return fmt.Sprintf("v%06d.json", n) }

// maxFile bounds a file of the folder, in bytes.
const maxFile = 1 << 20

// Open opens the store in root, which the caller keeps open, and clears away what a power cut left. It fails with ErrDamaged when
// the version that should be in force cannot be read: no other one is taken in its place.
func Open(root *os.Root, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{root: root, opt: o}
	lock, err := durable.LockFolder(s.root, ".", true)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := durable.Sweep(root, "."); err != nil {
		return nil, err
	}
	v := shipped()
	for {
		next, err := s.read(v.Number + 1)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		v = next
	}
	s.active.Store(&v)
	_, waits, err := s.Proposal()
	if err == nil && !waits { // none, or it is the version v and the power went before it was forgotten
		err = s.forget()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Active returns the version in force.
func (s *Store) Active() Version { return *s.active.Load() }

// Version returns version n. The error wraps fs.ErrNotExist when there is none.
func (s *Store) Version(n int) (Version, error) {
	if n == 0 {
		return shipped(), nil
	}
	if n < 0 || n > s.Active().Number {
		return Version{}, fmt.Errorf("cannot find version %d: %w", n, fs.ErrNotExist)
	}
	return s.read(n)
}

// read reads the file of version n.
func (s *Store) read(n int) (Version, error) {
	var v Version
	if err := s.load(versionFile(n), &v); err != nil {
		return v, err
	}
	if v.Number != n || v.Proposal.Base != n-1 || v.Rules().check() != nil || person.Same(v.Proposal.Actor, v.Activator) {
		return v, fmt.Errorf("%w: version %d says other things than it may", ErrDamaged, n)
	}
	return v, nil
}

// Proposal returns what is proposed, and whether anything is. What has become a version is no proposal any more.
func (s *Store) Proposal() (Proposal, bool, error) {
	var p Proposal
	err := s.load(proposalFile, &p)
	if errors.Is(err, fs.ErrNotExist) {
		return p, false, nil
	}
	if err == nil && p.Rules.check() != nil {
		err = fmt.Errorf("%w: the proposal", ErrDamaged)
	}
	return p, err == nil && p.Base == s.Active().Number, err
}

// load reads a file of the folder, strictly.
func (s *Store) load(name string, v any) error {
	f, err := s.root.Open(name)
	if err != nil {
		return fmt.Errorf("cannot read policies: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fmt.Errorf("cannot read policies: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil || len(b) > maxFile {
		return fmt.Errorf("%w: %s: %v", ErrDamaged, name, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("%w: %s: text behind the end", ErrDamaged, name)
	}
	return nil
}

// Propose proposes rules, or, with back other than None, those of an earlier version. One proposal at a time waits for a second
// person.
func (s *Store) Propose(ctx context.Context, actor, reason string, r Rules, back int) error {
	if err := words(actor, reason); err != nil {
		return fmt.Errorf("cannot propose: %w", err)
	}
	lock, err := durable.LockFolder(s.root, ".", true)
	if err != nil {
		return err
	}
	defer lock.Close()
	active := s.Active()
	what := "proposes: "
	if back != None {
		old, err := s.Version(back)
		if err != nil {
			return err
		}
		r, what = old.Rules(), fmt.Sprintf("proposes to go back to version %d: ", back)
	}
	changes := Diff(active.Rules(), r)
	_, pending, err := s.Proposal()
	switch {
	case err != nil:
		return err
	case pending:
		err = ErrPending
	case len(changes) == 0:
		err = ErrSame
	default:
		err = r.check()
	}
	if err != nil {
		return fmt.Errorf("cannot propose: %w", err)
	}
	p := Proposal{Base: active.Number, Rules: r, Back: back, Actor: actor, Reason: reason, Proposed: s.opt.Now().UTC()}
	e := s.event(p, actor, what+describe(changes)+"; "+reason)
	return s.decide(ctx, e, func() error { return s.write(proposalFile, p, false) })
}

// Withdraw takes back the proposal that the actor has seen, whoever made it.
func (s *Store) Withdraw(ctx context.Context, actor, id string) error {
	lock, err := durable.LockFolder(s.root, ".", true)
	if err != nil {
		return err
	}
	defer lock.Close()
	p, err := s.seen(actor, id)
	if err != nil {
		return fmt.Errorf("cannot withdraw proposal: %w", err)
	}
	return s.decide(ctx, s.event(p, actor, "withdraws the proposal of "+p.Actor), s.forget)
}

// Activate brings the proposal that the actor has seen into force. It fails with ErrSamePerson for who proposed it.
func (s *Store) Activate(ctx context.Context, actor, reason, id string) error {
	if err := words(actor, reason); err != nil {
		return fmt.Errorf("cannot activate: %w", err)
	}
	lock, err := durable.LockFolder(s.root, ".", true)
	if err != nil {
		return err
	}
	defer lock.Close()
	p, err := s.seen(actor, id)
	if err == nil && person.Same(p.Actor, actor) {
		err = ErrSamePerson
	}
	if err != nil {
		return fmt.Errorf("cannot activate: %w", err)
	}
	active := s.Active()
	v := Version{Number: active.Number + 1, Proposal: p, Activator: actor, Reason: reason, Activated: s.opt.Now().UTC()}
	e := s.event(p, actor, fmt.Sprintf("version %d comes into force, proposed by %s: %s; %s", v.Number, p.Actor, describe(Diff(active.Rules(), v.Rules())), reason))
	return s.decide(ctx, e, func() error {
		if err := s.write(versionFile(v.Number), v, true); err != nil {
			return err
		}
		s.active.Store(&v)
		s.forget() // what is left is no proposal any more
		return nil
	})
}

// seen returns the proposal when it is the one of that ID.
func (s *Store) seen(actor, id string) (Proposal, error) {
	p, ok, err := s.Proposal()
	switch {
	case err != nil:
		return p, err
	case person.Key(actor) == "":
		return p, ErrActor
	case !ok || p.ID() != id:
		return p, ErrNone
	}
	return p, nil
}

// words fails unless person and reason can be kept.
func words(actor, reason string) error {
	switch {
	case person.Key(actor) == "" || len(actor) > maxWords:
		return ErrActor
	case strings.TrimSpace(reason) == "" || len(reason) > maxWords:
		return ErrReason
	}
	return nil
}

// event begins the event of a decision about a proposal.
func (s *Store) event(p Proposal, actor, detail string) audit.Event {
	return audit.Event{Kind: audit.Config, Name: "policy", Version: p.Base, Actor: actor, Detail: detail}
}

// decide records a decision and then makes it.
func (s *Store) decide(ctx context.Context, e audit.Event, do func() error) error {
	if err := s.opt.Record(ctx, e); err != nil {
		return err
	}
	if err := do(); err != nil {
		e.Detail = audit.NotPossible + ": " + err.Error()
		return errors.Join(err, s.opt.Record(ctx, e))
	}
	return nil
}

// write writes v under name; a fresh one replaces nothing.
func (s *Store) write(name string, v any, fresh bool) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return fmt.Errorf("cannot encode %s: %w", name, err)
	}
	f, err := durable.Begin(s.root, name, 0o600)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	if fresh {
		return f.CommitNew()
	}
	return f.Commit()
}

// forget removes the proposal.
func (s *Store) forget() error {
	if err := s.root.Remove(proposalFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot forget proposal: %w", err)
	}
	return durable.SyncDir(s.root, ".")
}
