package pipeline

import (
	"crypto"
	"os"
	"path/filepath"

	"sekisho/internal/audit"
	"sekisho/internal/config"
)

// RecordName is the name of the log in a record folder.
const RecordName = "audit"

// OpenRecordFolder opens the folder with the gateway's record, or with that of the receiver which `sekisho up` runs.
func OpenRecordFolder(cfg config.Gateway, lgwan bool) (*os.Root, error) {
	dir := cfg.State
	if lgwan {
		dir = filepath.Join(dir, "lgwan")
	}
	return os.OpenRoot(filepath.Join(dir, "record"))
}

// openRecord opens the log in root. Its head is signed.
func openRecord(root *os.Root, signer crypto.Signer) (*audit.Log, error) {
	return audit.Open(root, RecordName, audit.Options{Signer: signer})
}
