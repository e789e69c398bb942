package manifest

import (
	"errors"
	"time"
)

// Schema is the version of the manifest that this program writes, and the only one it reads.
const Schema = 1

// Limits of a manifest. They bound every allocation that Open makes.
const (
	MaxManifest = 1 << 20 // bytes of JSON
	MaxFindings = 4096
	MaxText     = 1024 // bytes of any one text but the path
	maxMarks    = 16
	maxNumber   = 1<<53 - 1 // largest integer that JSON carries exactly (RFC 8785 3.2.2.3)
)

// MarkException marks an original that two people released as it is (例外措置).
const MarkException = "exception"

// Kinds of errors of Open. Each is final: the same bytes will never be accepted.
var (
	ErrFormat    = errors.New("not a sealed package") // damaged, truncated or not canonical
	ErrKey       = errors.New("unknown gateway key")
	ErrSignature = errors.New("wrong signature")
	ErrContent   = errors.New("manifest not allowed") // authentic, but a value breaks a rule
)

// Manifest says what a package is. All text is UTF-8.
type Manifest struct {
	Schema   int       `json:"schema"`
	ID       string    `json:"id"`       // package id, see CheckID
	Gateway  string    `json:"gateway"`  // key id of the signing gateway, 64 hexadecimal digits
	Sequence uint64    `json:"sequence"` // 1, 2, 3 … per gateway key, no number twice
	Route    string    `json:"route"`    // see CheckRoute
	Path     string    `json:"path"`     // folder below the route's release folder, slash-separated; "" for itself
	Name     string    `json:"name"`     // file name with the extension of the rebuilt type
	Type     string    `json:"type"`     // format of the rebuilt file, "docx"
	Length   int64     `json:"length"`   // of the body in bytes
	Original string    `json:"original"` // SHA-256 of the original, 64 hexadecimal digits
	Rebuilt  string    `json:"rebuilt"`  // SHA-256 of the body, 64 hexadecimal digits
	Policy   string    `json:"policy"`
	Version  int       `json:"policy_version,omitempty"` // of what people chose about policies in the gateway; 0: nobody did
	Engine   string    `json:"engine"`                   // version of the sanitising engine
	Marks    []string  `json:"marks"`                    // sorted, a closed set: MarkException
	Findings []Finding `json:"findings"`
	Modified time.Time `json:"modified"` // modification time the released file gets
	Created  time.Time `json:"created"`  // when the package was sealed
}

// Finding says what sanitising took away or changed. It mirrors the engine's finding but is its own type: the
// receiving zone shares no code with the engine.
type Finding struct {
	Rule   string `json:"rule"`
	Action string `json:"action"`
	Where  string `json:"where"`
	Count  int    `json:"count"`
}

// Exception reports whether the body is an original that people released, not a rebuilt file.
func (m Manifest) Exception() bool {
	for _, mark := range m.Marks {
		if mark == MarkException {
			return true
		}
	}
	return false
}
