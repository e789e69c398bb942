package policy

import (
	"errors"
	"slices"
	"time"

	"sekisho/sanitize"
)

// ErrBusy says that a trial is going on already.
var ErrBusy = errors.New("files are being tried already")

// MaxTrialDays bounds the days of a trial.
const MaxTrialDays = 90

// Trial is a dry run: what would become of files under the rules in force, and under others. Nothing of it is released or kept.
type Trial struct {
	Actor   string
	Begun   time.Time
	Ended   time.Time // zero: it goes on
	Base    int       // number of the version in force
	Was     Rules     // what it says
	Rules   Rules     // the others
	Days    int       // the files of how many days; 0: one file that the actor handed in
	Total   int       // files that are tried
	LeftOut int       // files that would be too many
	Late    bool      // it was ended before all were tried: it took too long, or somebody ended it
	Files   []TrialFile
}

// TrialFile is one file of a trial. Its names are a stranger's text.
type TrialFile struct {
	Job, Route, Path, Name string
	Size                   int64 // bytes
	Why                    string
	Now, Then              Outcome // as it is, and as it would be
	Changed                bool    // something else would become of it
}

// The reasons why a file could not be tried: TrialFile.Why, a closed set.
const (
	WhyMalware = "malware" // it never crosses, whatever the rules are
	WhyKey     = "key"     // its original is sealed, and the key is not on this machine
	WhyDamaged = "damaged" // its original is gone, or not what it was
	WhyTime    = "time"    // it takes too long
	WhyFailed  = "failed"  // a scanner or another part of ours does not answer
)

// Whys lists the reasons.
func Whys() []string { return []string{WhyMalware, WhyKey, WhyDamaged, WhyTime, WhyFailed} }

// Outcome is what becomes of a file.
type Outcome struct {
	Policy   string
	Verdict  sanitize.Verdict
	Reason   sanitize.Reason
	Findings []sanitize.Finding
}

// maxFindings bounds what is remembered of a file: a hostile one can have very many.
const maxFindings = 200

// Compare notes both outcomes of the file, and whether they differ.
func (f *TrialFile) Compare(now, then Outcome) {
	f.Changed = now.Verdict != then.Verdict || now.Reason != then.Reason || !slices.Equal(now.Findings, then.Findings)
	for _, o := range []*Outcome{&now, &then} {
		o.Findings = slices.Clone(o.Findings[:min(len(o.Findings), maxFindings)])
	}
	f.Now, f.Then = now, then
}
