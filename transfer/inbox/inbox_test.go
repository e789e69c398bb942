package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sekisho/transfer/inbox"
)

// desk is a handler that keeps what it gets in memory.
type desk struct {
	mu      sync.Mutex
	taken   map[string]string // by path
	ids     map[string]string // by path
	refused []inbox.Refusal
	fail    func(c inbox.Claim) error // called before and instead of taking
}

func newDesk() *desk { return &desk{taken: map[string]string{}, ids: map[string]string{}} }

func (d *desk) Take(_ context.Context, c inbox.Claim) error {
	if d.fail != nil {
		if err := d.fail(c); err != nil {
			return err
		}
	}
	f, err := c.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	if err := c.Unchanged(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, twice := d.taken[c.Path]; twice && d.ids[c.Path] != c.ID {
		return fmt.Errorf("%q was taken twice", c.Path)
	}
	d.taken[c.Path], d.ids[c.Path] = string(b), c.ID
	return nil
}

func (d *desk) Refuse(_ context.Context, r inbox.Refusal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = append(d.refused, r)
}

func (d *desk) got() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.taken)
}

func (d *desk) refusals() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, r := range d.refused {
		out = append(out, string(r.Reason)+" "+r.Path)
	}
	slices.Sort(out)
	return out
}

// options are as quick as a test wants it.
func options(dir string) inbox.Options {
	return inbox.Options{Route: "main", Dir: dir, Interval: 50 * time.Millisecond, Settle: 30 * time.Millisecond}
}

// run starts an inbox; stop ends it, at the end of the test at the latest.
func run(t *testing.T, opt inbox.Options, h inbox.Handler) (b *inbox.Inbox, stop func()) {
	t.Helper()
	b, err := inbox.New(opt, h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { b.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return b, stop
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// hostile are names that staff or malware can give a file. Each is taken in as it is.
func hostile() []string {
	return []string{
		"空.txt", strings.Repeat("a", 255), strings.Repeat("あ", 85), "two\nlines.txt", "tab\there", "\x1b[31mred", "\u202egpj.exe",
		`back\slash.txt`, `..\..\up`, "CON.pdf", "aux", "\xff\xfe not UTF-8 \x95\x5c.txt", "-rf", "*", "$(id)", "`id`", "%s%n",
		"=cmd|' -c calc'!A0.csv", "<img src=x>.pdf", " leading", "trailing ", "trailing.", "か\u3099.txt", "が.txt", "😀", "nats.>",
	}
}

func TestEverythingDroppedIsTaken(t *testing.T) {
	dir := t.TempDir()
	want := map[string]string{}
	for i, name := range hostile() {
		want[name] = fmt.Sprint("text ", i)
		want["課/係/"+name] = fmt.Sprint("below ", i)
	}
	want["empty"] = ""
	for name, text := range want {
		write(t, filepath.Join(dir, name), text)
	}
	d := newDesk()
	b, _ := run(t, options(dir), d)
	until(t, "idle", b.Idle)
	if got := d.got(); !maps.Equal(got, want) {
		t.Errorf("took %d of %d: %q", len(got), len(want), got)
	}
	if r := d.refusals(); len(r) != 0 {
		t.Errorf("refused %q", r)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "課", "係")); err != nil || len(entries) != 0 {
		t.Errorf("staff's folder: %v, %v", entries, err)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, ".sekisho")); err != nil || len(entries) != 0 {
		t.Errorf("claims left: %v, %v", entries, err)
	}
	if b.Pending() != 0 {
		t.Errorf("pending %d", b.Pending())
	}
}

func TestUnfinishedAndPrivateFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	names := []string{
		"~$様式.docx", "Thumbs.db", "THUMBS.DB", "desktop.ini", ".DS_Store", ".hidden", "a.tmp", "a.pdf.part", "a.PARTIAL",
		"a.filepart", "a.crdownload", "_止めたファイル/a.pdf.無害化結果.html", ".folder/x.txt", ".sekisho/note.txt",
	}
	for _, name := range names {
		write(t, filepath.Join(dir, name), "x")
	}
	write(t, filepath.Join(dir, "real.txt"), "x")
	d := newDesk()
	b, _ := run(t, options(dir), d)
	until(t, "idle", b.Idle)
	if got := d.got(); len(got) != 1 || got["real.txt"] != "x" {
		t.Errorf("took %q", got)
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%v", err)
		}
	}
	if r := d.refusals(); len(r) != 0 {
		t.Errorf("refused %q", r)
	}
}

func TestWhatIsNotTakenStaysAndIsToldOnce(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	write(t, secret, "secret")
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "linked folder")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "large"), "")
	if err := os.Truncate(filepath.Join(dir, "large"), 4<<30); err != nil { // sparse
		t.Fatal(err)
	}
	deep := filepath.Join(dir, strings.Repeat("d/", 200))
	write(t, filepath.Join(deep, "x.txt"), "deep")
	write(t, filepath.Join(dir, strings.Repeat("d/", 64), "y.txt"), "just right")
	d := newDesk()
	b, _ := run(t, options(dir), d)
	until(t, "idle", b.Idle)
	time.Sleep(300 * time.Millisecond) // several more looks
	want := []string{
		"not-regular link", "not-regular linked folder", "not-regular pipe",
		"too-deep " + strings.TrimSuffix(strings.Repeat("d/", 65), "/"), "too-large large",
	}
	if got := d.refusals(); !slices.Equal(got, want) {
		t.Errorf("refused %q", got)
	}
	if got := d.got(); len(got) != 1 || got[strings.Repeat("d/", 64)+"y.txt"] != "just right" {
		t.Errorf("took %q", got)
	}
	if b, err := os.ReadFile(filepath.Join(deep, "x.txt")); string(b) != "deep" {
		t.Errorf("the deep file: %q, %v", b, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "large")); err != nil || info.Size() != 4<<30 {
		t.Errorf("the large file: %v", err)
	}
}

func TestGrowingFileWaitsIsToldAndIsTakenInTheEnd(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "grows.bin")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	opt := options(dir)
	opt.Settle, opt.Patience = 2*time.Second, 3*time.Second // so still would only a machine be that has no time for this test
	d := newDesk()
	b, _ := run(t, opt, d)
	size := 0
	for begun := time.Now(); len(d.refusals()) == 0 && time.Since(begun) < time.Minute; size++ {
		if _, err := f.WriteString("x"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := d.refusals(); !slices.Equal(got, []string{"growing grows.bin"}) || len(d.got()) != 0 {
		t.Errorf("refused %q, took %d files", got, len(d.got()))
	}
	f.Close()
	until(t, "taken", func() bool { return len(d.got()["grows.bin"]) == size })
	until(t, "idle", b.Idle)
}

// TestFileWrittenDuringTheCopyIsNotTaken writes through a descriptor that was open when the file was claimed.
func TestFileWrittenDuringTheCopyIsNotTaken(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "a.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.WriteString("half")
	d := newDesk()
	var calls atomic.Int32
	var ids [2]string
	d.fail = func(c inbox.Claim) error {
		n := calls.Add(1)
		ids[min(n, 2)-1] = c.ID
		if n == 1 {
			f.WriteString(" and half")
		}
		return nil
	}
	run(t, options(dir), d)
	until(t, "taken", func() bool { return d.got()["a.txt"] != "" })
	if got := d.got()["a.txt"]; got != "half and half" {
		t.Errorf("took %q", got)
	}
	if ids[0] == ids[1] {
		t.Errorf("the file that came back kept the id %s", ids[0])
	}
}

func TestHandlerThatFailsGetsTheSameClaimAgain(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "課", "a.txt"), "text")
	d := newDesk()
	var mu sync.Mutex
	var ids []string
	d.fail = func(c inbox.Claim) error {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, c.ID)
		if len(ids) == 1 {
			return errors.New("spool is full")
		}
		return nil
	}
	b, _ := run(t, options(dir), d)
	until(t, "idle", b.Idle)
	if len(ids) != 2 || ids[0] != ids[1] || d.got()["課/a.txt"] != "text" {
		t.Errorf("ids %q, took %q", ids, d.got())
	}
}

func TestClaimThatSomebodyRemovesEnds(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.txt"), "text")
	d := newDesk()
	d.fail = func(c inbox.Claim) error {
		if err := os.RemoveAll(filepath.Join(dir, ".sekisho")); err != nil {
			t.Error(err)
		}
		d.fail = nil
		return errors.New("cannot copy")
	}
	opt := options(dir)
	opt.Workers = 1
	b, _ := run(t, opt, d)
	until(t, "idle", b.Idle)
	write(t, filepath.Join(dir, "b.txt"), "text")
	until(t, "taken", func() bool { return d.got()["b.txt"] == "text" })
}

// TestClaimSurvivesAStop stops the inbox while a file is being taken.
func TestClaimSurvivesAStop(t *testing.T) {
	dir := t.TempDir()
	for _, name := range hostile() {
		write(t, filepath.Join(dir, "課", name), name)
	}
	first := newDesk()
	ctx, cancel := context.WithCancel(context.Background())
	b, err := inbox.New(options(dir), first)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	handed := map[string]string{}
	first.fail = func(c inbox.Claim) error {
		mu.Lock()
		defer mu.Unlock()
		handed[c.Path] = c.ID
		if len(handed) >= 5 {
			cancel() // as a kill would: Take has begun and nothing was committed
		}
		return errors.New("killed")
	}
	b.Run(ctx)
	second := newDesk()
	again := map[string]bool{}
	second.fail = func(c inbox.Claim) error {
		mu.Lock()
		defer mu.Unlock()
		if id, ok := handed[c.Path]; ok && id != c.ID {
			t.Errorf("%q had the id %s and has %s", c.Path, id, c.ID)
		}
		if c.Again {
			again[c.Path] = true
		}
		return nil
	}
	b, _ = run(t, options(dir), second)
	until(t, "idle", b.Idle)
	if got := second.got(); len(got) != len(hostile()) {
		t.Errorf("took %d of %d", len(got), len(hostile()))
	}
	for p := range handed {
		if !again[p] {
			t.Errorf("%q was not handed in again", p)
		}
	}
}

func TestVanishedInboxIsTroubleNotEmpty(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "share")
	write(t, filepath.Join(dir, "a.txt"), "a")
	var mu sync.Mutex
	var told []error
	opt := options(dir)
	opt.Trouble = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, err)
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(told) }
	d := newDesk()
	b, _ := run(t, opt, d)
	until(t, "idle", b.Idle)
	away := dir + ".away"
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	until(t, "trouble", func() bool { return count() == 1 && !b.Idle() })
	if err := os.Mkdir(dir, 0o755); err != nil { // the empty mount point
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "not mine.txt"), "x")
	until(t, "other trouble", func() bool { return count() == 2 })
	time.Sleep(200 * time.Millisecond)
	if d.got()["not mine.txt"] != "" || b.Idle() {
		t.Error("took a file from a folder that is no inbox")
	}
	if err := os.Rename(dir, dir+".other"); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(away, "b.txt"), "b")
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	until(t, "well again", func() bool { return d.got()["b.txt"] == "b" && b.Idle() })
	mu.Lock()
	defer mu.Unlock()
	if last := told[len(told)-1]; last != nil {
		t.Errorf("last told %v", last)
	}
}

// TestAnotherFolderThatIsAnInboxIsTaken mounts a share again: another device and inode, with claims of a crash in it.
func TestAnotherFolderThatIsAnInboxIsTaken(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "share")
	write(t, filepath.Join(dir, "a.txt"), "a")
	d := newDesk()
	opt := options(dir)
	opt.Trouble = func(error) {}
	b, _ := run(t, opt, d)
	until(t, "idle", b.Idle)
	other := filepath.Join(parent, "other")
	write(t, filepath.Join(other, ".sekisho", "20260401-090000-000000-0123456789ab", "課", "claimed.txt"), "claimed")
	write(t, filepath.Join(other, "b.txt"), "b")
	if err := os.Rename(dir, filepath.Join(parent, "away")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, dir); err != nil {
		t.Fatal(err)
	}
	until(t, "taken", func() bool { g := d.got(); return g["b.txt"] == "b" && g["課/claimed.txt"] == "claimed" })
	if d.ids["課/claimed.txt"] != "20260401-090000-000000-0123456789ab" {
		t.Errorf("id %s", d.ids["課/claimed.txt"])
	}
}

func TestOneOfficesPhotosDoNotKeepBackAnothersForm(t *testing.T) {
	dir := t.TempDir()
	for i := range 300 {
		write(t, filepath.Join(dir, "写真", fmt.Sprintf("%03d.jpg", i)), "x")
	}
	write(t, filepath.Join(dir, "申請", "form.pdf"), "x")
	d := newDesk()
	var order atomic.Int32
	var place int32
	d.fail = func(c inbox.Claim) error {
		n := order.Add(1)
		if c.Path == "申請/form.pdf" {
			atomic.StoreInt32(&place, n)
		}
		return nil
	}
	b, _ := run(t, options(dir), d)
	until(t, "idle", b.Idle)
	if len(d.got()) != 301 {
		t.Errorf("took %d", len(d.got()))
	}
	if p := atomic.LoadInt32(&place); p > 100 {
		t.Errorf("the form came as number %d", p)
	}
}

// TestSmallFilesDoNotWaitBehindLargeOnes: while no large file comes through, small ones do.
func TestSmallFilesDoNotWaitBehindLargeOnes(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		write(t, filepath.Join(dir, fmt.Sprintf("%03d.mp4", i)), "a film, which is large")
	}
	write(t, filepath.Join(dir, "form.txt"), "small")
	d := newDesk()
	through := make(chan struct{})
	d.fail = func(c inbox.Claim) error {
		if c.Path != "form.txt" {
			<-through
		}
		return nil
	}
	opt := options(dir)
	opt.Large = 10
	b, _ := run(t, opt, d)
	until(t, "the form is taken", func() bool { return d.got()["form.txt"] == "small" })
	if n := len(d.got()); n != 1 {
		t.Errorf("%d files were taken before the films could be", n)
	}
	close(through)
	until(t, "idle", b.Idle)
	if n := len(d.got()); n != 101 {
		t.Errorf("took %d", n)
	}
}

func TestHintShortensTheWait(t *testing.T) {
	dir := t.TempDir()
	opt := options(dir)
	opt.Interval = time.Hour
	d := newDesk()
	b, _ := run(t, opt, d)
	until(t, "first look", b.Idle)
	write(t, filepath.Join(dir, "a.txt"), "a")
	until(t, "taken", func() bool { return d.got()["a.txt"] == "a" })
}

func TestPollingAloneFindsAll(t *testing.T) {
	dir := t.TempDir()
	opt := options(dir)
	opt.NoHints = true
	d := newDesk()
	b, _ := run(t, opt, d)
	until(t, "first look", b.Idle)
	write(t, filepath.Join(dir, "sub", "a.txt"), "a")
	until(t, "taken", func() bool { return d.got()["sub/a.txt"] == "a" })
}

func BenchmarkIntake(b *testing.B) {
	dir := b.TempDir()
	for i := range b.N {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), make([]byte, 10_000), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	opt := options(dir)
	opt.Settle = time.Millisecond
	box, err := inbox.New(opt, newDesk())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	b.ResetTimer()
	go func() { box.Run(ctx); close(done) }()
	for !box.Idle() {
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	cancel()
	<-done
}
