package manifest_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"time"

	"sekisho/transfer/manifest"
)

// A gateway seals what it sends; a receiver opens it with the keys it trusts, and compares what follows with what is promised.
func Example() {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	body := []byte("rebuilt")
	sum := sha256.Sum256(body)
	head, err := manifest.Seal(manifest.Manifest{
		ID: "20261123-150540-000001-0123456789ab", Sequence: 1, Route: "main", Name: "様式.docx", Type: "docx",
		Length: int64(len(body)), Original: hex.EncodeToString(sum[:]), Rebuilt: hex.EncodeToString(sum[:]),
		Policy: "standard", Engine: "1.0", Modified: time.Unix(0, 0), Created: time.Unix(0, 0),
	}, key)
	if err != nil {
		log.Fatal(err)
	}

	link := io.MultiReader(bytes.NewReader(head), bytes.NewReader(body))
	p, err := manifest.Open(link, manifest.Trust(key.Public().(ed25519.PublicKey)))
	if err != nil {
		log.Fatal(err)
	}
	hash := sha256.New()
	n, err := io.Copy(hash, link)
	fmt.Println(p.Name, n == p.Length, hex.EncodeToString(hash.Sum(nil)) == p.Rebuilt, err)
	// Output: 様式.docx true true <nil>
}
