package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/audit"
)

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// A tampering changes files (name → content) and reports whether it changed anything.
type tampering struct {
	name string
	do   func(rng *rand.Rand, files map[string][]byte, names []string)
}

func lineOf(rng *rand.Rand, b []byte) (before, line, after []byte) {
	all := bytes.SplitAfter(b, []byte("\n"))
	all = all[:len(all)-1]
	n := rng.IntN(len(all))
	return bytes.Join(all[:n], nil), all[n], bytes.Join(all[n+1:], nil)
}

// reseal gives a changed line the hash that belongs to it, as somebody who knows the format would.
func reseal(line []byte) []byte {
	body, _, _ := strings.Cut(string(line), `,"hash":"`)
	return []byte(body + `,"hash":"` + sha(body) + "\"}\n")
}

// rechain makes a file whole again from a changed line on: each line continues the one before it.
func rechain(b []byte, prev string) []byte {
	var out []byte
	for line := range bytes.Lines(b) {
		body, _, _ := strings.Cut(string(line), `,"prev":"`)
		body += `,"prev":"` + prev + `"`
		prev = sha(body)
		out = append(out, body+`,"hash":"`+prev+"\"}\n"...)
	}
	return out
}

func tamperings() []tampering {
	pick := func(rng *rand.Rand, names []string) string { return names[rng.IntN(len(names))] }
	onLine := func(change func(rng *rand.Rand, before, line, after []byte) []byte) func(*rand.Rand, map[string][]byte, []string) {
		return func(rng *rand.Rand, files map[string][]byte, names []string) {
			name := pick(rng, names)
			before, line, after := lineOf(rng, files[name])
			files[name] = change(rng, before, line, after)
		}
	}
	return []tampering{
		{"bit", onLine(func(rng *rand.Rand, before, line, after []byte) []byte {
			line = bytes.Clone(line)
			line[rng.IntN(len(line))] ^= 1 << rng.IntN(8)
			return slices.Concat(before, line, after)
		})},
		{"edit and hash again", onLine(func(_ *rand.Rand, before, line, after []byte) []byte {
			return slices.Concat(before, reseal(bytes.Replace(line, []byte(`"size_in":`), []byte(`"size_in":1`), 1)), after)
		})},
		{"delete", onLine(func(_ *rand.Rand, before, _, after []byte) []byte { return slices.Concat(before, after) })},
		{"repeat", onLine(func(_ *rand.Rand, before, line, after []byte) []byte {
			return slices.Concat(before, line, line, after)
		})},
		{"insert", onLine(func(_ *rand.Rand, before, line, after []byte) []byte {
			return slices.Concat(before, line, reseal(bytes.Replace(line, []byte("job-"), []byte("JOB-"), 1)), after)
		})},
		{"blank", onLine(func(_ *rand.Rand, before, line, after []byte) []byte {
			return slices.Concat(before, line, []byte("\n"), after)
		})},
		{"spaces", onLine(func(_ *rand.Rand, before, line, after []byte) []byte {
			return slices.Concat(before, bytes.Replace(line, []byte(`":`), []byte(`": `), 1), after)
		})},
		{"move to the end", onLine(func(rng *rand.Rand, before, line, after []byte) []byte {
			if len(after) == 0 {
				return slices.Concat(line, before)
			}
			return slices.Concat(before, after, line)
		})},
		{"truncate", func(rng *rand.Rand, files map[string][]byte, names []string) {
			name := pick(rng, names)
			files[name] = files[name][:rng.IntN(len(files[name]))]
		}},
		{"cut whole lines off the end", func(rng *rand.Rand, files map[string][]byte, names []string) {
			name := names[len(names)-1]
			before, _, _ := lineOf(rng, files[name])
			files[name] = before
		}},
		{"remove a file", func(rng *rand.Rand, files map[string][]byte, names []string) { delete(files, pick(rng, names)) }},
		{"swap files", func(rng *rand.Rand, files map[string][]byte, names []string) {
			a := rng.IntN(len(names))
			b := (a + 1 + rng.IntN(len(names)-1)) % len(names)
			files[names[a]], files[names[b]] = files[names[b]], files[names[a]]
		}},
		{"swap lines", func(rng *rand.Rand, files map[string][]byte, names []string) {
			name := pick(rng, names)
			all := bytes.SplitAfter(files[name], []byte("\n"))
			a := rng.IntN(len(all) - 2)
			all[a], all[a+1] = all[a+1], all[a]
			files[name] = bytes.Join(all, nil)
		}},
		{"head of another key over a new chain", func(rng *rand.Rand, files map[string][]byte, names []string) {
			forge(files, names)
		}},
		{"head changed", func(rng *rand.Rand, files map[string][]byte, names []string) {
			head := bytes.Clone(files["audit.head"])
			at := slotOf(head) // the other slot holds the head before, which nobody reads
			head[at+rng.IntN(400)] ^= 1 << rng.IntN(8)
			files["audit.head"] = head
		}},
		{"head removed", func(_ *rand.Rand, files map[string][]byte, _ []string) { delete(files, "audit.head") }},
	}
}

// forge makes the whole record anew without its last file, with a chain that is right and a head that only the key is
// missing for.
func forge(files map[string][]byte, names []string) {
	last := names[len(names)-1]
	b := bytes.Replace(files[last], []byte(`"size_in":`), []byte(`"size_in":9`), 1)
	_, rest, _ := strings.Cut(string(b), `,"prev":"`)
	b = rechain(b, rest[:64])
	hash := string(b[len(b)-67 : len(b)-3])
	head := headOf(files["audit.head"])
	_, rest, _ = strings.Cut(head, `"hash":"`)
	head = strings.Replace(head, rest[:64], hash, 1)
	_, rest, _ = strings.Cut(head, `"offset":`)
	old, _, _ := strings.Cut(rest, ",")
	head = strings.Replace(head, `"offset":`+old, fmt.Sprintf(`"offset":%d`, len(b)), 1)
	files[last], files["audit.head"] = b, newestSlot(files["audit.head"], head)
}

// slotOf returns where the newest slot of a cell begins: the one with the greater turn.
func slotOf(cell []byte) int {
	var turns [2]int
	for i := range turns {
		if len(cell) > i*4096 {
			fmt.Sscanf(string(cell[i*4096:]), "%d", &turns[i])
		}
	}
	if turns[1] > turns[0] {
		return 4096
	}
	return 0
}

func headOf(cell []byte) string {
	_, rest, _ := strings.Cut(string(cell[slotOf(cell):]), ": ")
	text, _, _ := strings.Cut(rest, "\n")
	return text
}

// newestSlot replaces the newest value of a cell, with a checksum that is right.
func newestSlot(cell []byte, value string) []byte {
	at := slotOf(cell)
	var turn int
	fmt.Sscanf(string(cell[at:]), "%d", &turn)
	slot := fmt.Sprintf("%d %08x: %s", turn, crc32.ChecksumIEEE(fmt.Appendf(nil, "%d %s", turn, value)), value)
	cell = bytes.Clone(cell)
	copy(cell[at:at+4096], slot+strings.Repeat("\n", 4096-len(slot)))
	return cell
}

// TestEveryTamperingIsFound makes 1,000 random changes, and every one must be found.
func TestEveryTamperingIsFound(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.opt.MaxFile = 2000
	l := r.open(t)
	for n := range 24 {
		r.now = r.now.Add(time.Hour)
		add(t, l, received(n+1))
	}
	l.Close()
	if s := r.mustVerify(t, 24); s.Files < 4 {
		t.Fatalf("%d files", s.Files)
	}
	original, names := load(t, r.dir)
	rng := rand.New(rand.NewPCG(1, 2))
	all := tamperings()
	found := map[string]int{}
	for n := range 1000 {
		tam := all[n%len(all)]
		files := cloneFiles(original)
		tam.do(rng, files, names)
		if same(files, original) {
			t.Fatalf("%s changed nothing", tam.name)
		}
		store(t, r.dir, files)
		if s, err := r.verify(); !errors.Is(err, audit.ErrTampered) && !errors.Is(err, audit.ErrUnanchored) {
			t.Errorf("%d: %s was not found: %v", n, tam.name, err)
		} else if len(s.Problems) == 0 {
			t.Errorf("%d: %s has no place", n, tam.name)
		} else {
			found[tam.name]++
		}
	}
	store(t, r.dir, original)
	r.mustVerify(t, 24)
	t.Logf("found: %v", found)
}

func load(t *testing.T, dir string) (map[string][]byte, []string) {
	t.Helper()
	files := map[string][]byte{}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = b
		if strings.HasSuffix(e.Name(), ".jsonl") {
			names = append(names, e.Name())
		}
	}
	return files, names
}

// store makes the folder hold exactly files; what is the same already is not written again.
func store(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	old, _ := load(t, dir)
	for name := range old {
		if _, stays := files[name]; !stays {
			remove(t, filepath.Join(dir, name))
		}
	}
	for name, b := range files {
		if was, there := old[name]; there && bytes.Equal(was, b) {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func cloneFiles(files map[string][]byte) map[string][]byte {
	c := map[string][]byte{}
	for k, v := range files {
		c[k] = bytes.Clone(v)
	}
	return c
}

func same(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if other, ok := b[k]; !ok || !bytes.Equal(a[k], other) {
			return false
		}
	}
	return true
}

// A forged chain is whole in itself: without the key it passes, and with the key it does not.
func TestForgedChainNeedsTheKey(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	add(t, l, received(1), received(2))
	l.Close()
	files, names := load(t, r.dir)
	forge(files, names)
	store(t, r.dir, files)
	if _, err := audit.Verify(t.Context(), r.root, "audit", audit.VerifyOptions{}); err != nil {
		t.Errorf("the forgery is not whole in itself, so the test proves nothing: %v", err)
	}
	key := r.key.Public().(ed25519.PublicKey)
	if _, err := audit.Verify(t.Context(), r.root, "audit", audit.VerifyOptions{Key: key}); !errors.Is(err, audit.ErrTampered) {
		t.Errorf("with the key: %v", err)
	}
}
