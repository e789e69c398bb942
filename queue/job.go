package queue

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// ID names a job: lower-case letters, digits and hyphens, 8 to 64 of them, so that it is a file name and a subject token.
type ID string

// idBytes spells ids so that their order by name is their order by time.
var idBytes = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns a fresh id: 48 bits of time in milliseconds and 80 random ones.
func NewID(now time.Time) ID {
	var b [16]byte
	rand.Read(b[:]) // never fails
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(b[:6], ms[2:])
	return ID(idBytes.EncodeToString(b[:]))
}

// Check fails when the id is not a well-formed one.
func (id ID) Check() error {
	if len(id) < 8 || len(id) > 64 || id[0] == '-' {
		return fmt.Errorf("cannot use job id %q: 8 to 64 letters, digits and hyphens", string(id))
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' {
			return fmt.Errorf("cannot use job id %q: only a to z, 0 to 9 and hyphens", string(id))
		}
	}
	return nil
}

// jobVersion is the version of job.json that this program writes, and the newest that it reads.
const jobVersion = 1

// Job is one accepted file. It does not change once it is committed, but for Generation, Policy and Instruction, which a
// re-treatment sets.
type Job struct {
	Version    int       `json:"version"`
	ID         ID        `json:"id"`
	Route      string    `json:"route"`              // name of the configured way from an inbox to a folder
	Path       string    `json:"path,omitempty"`     // sub-folder below the route, cleaned, slash-separated, or ""
	Name       string    `json:"name"`               // clean name, fit to be shown and to be released under
	RawName    []byte    `json:"raw_name,omitempty"` // the name as it came, when it differs
	Size       int64     `json:"size"`               // bytes of the original
	SHA256     string    `json:"sha256"`             // of the original, lower-case hex
	ModTime    time.Time `json:"mod_time"`           // of the original
	Received   time.Time `json:"received"`           // when intake had all of it
	Source     string    `json:"source,omitempty"`   // who or what handed it in: "inbox", "sftp:名前"
	Policy     string    `json:"policy"`             // name of the policy it is rebuilt under
	Generation int       `json:"generation"`         // 0 at first; each re-treatment adds one
	// RecordMark is a place of the record of decisions that is before what it says of this job, as its keeper spells places.
	RecordMark string `json:"record_mark,omitempty"`
	// Instruction names a file in the job's folder that a re-treatment needs (a sealed password), or is "".
	Instruction string `json:"instruction,omitempty"`
}

// encode returns job.json.
func (j Job) encode() ([]byte, error) {
	j.Version = jobVersion
	b, err := json.MarshalIndent(j, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("cannot encode job: %w", err)
	}
	return append(b, '\n'), nil
}

// decodeJob reads job.json of the job called id. Unknown keys are allowed within one version: a newer program may have
// written them, and an older one must be able to finish the job.
func decodeJob(id ID, b []byte) (Job, error) {
	var j Job
	if err := json.Unmarshal(b, &j); err != nil {
		return Job{}, fmt.Errorf("cannot decode job %s: %w", id, err)
	}
	if j.Version < 1 || j.Version > jobVersion {
		return Job{}, fmt.Errorf("cannot decode job %s: version %d, know 1 to %d", id, j.Version, jobVersion)
	}
	if j.ID != id {
		return Job{}, fmt.Errorf("cannot decode job %s: it says it is %q", id, string(j.ID))
	}
	if j.Generation < 0 || j.Size < 0 {
		return Job{}, fmt.Errorf("cannot decode job %s: generation %d, size %d", id, j.Generation, j.Size)
	}
	return j, nil
}
