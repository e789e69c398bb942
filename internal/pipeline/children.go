package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"sekisho/internal/durable"
	"sekisho/internal/worker"
	"sekisho/sanitize"
)

// Children are the pools of child processes: the lean ones that take every file first, and those with PDFium, which
// are asked when a lean one cannot do it: a PDF that is damaged, has pictures in JPX or JBIG2, or is to be drawn.
type Children struct {
	*worker.Pool
	render *renderer // nil: there is no program with PDFium
}

// renderName is the file name of the program with PDFium, beside that of the lean child.
const renderName = "sekisho-render"

// OpenChildren starts lean children. The ones with PDFium are started when the first file needs them; their compiled
// code is kept in the folder cache.
func OpenChildren(o worker.Options, cache string) (*Children, error) {
	pool, err := worker.NewPool(o)
	if err != nil {
		return nil, err
	}
	c := &Children{Pool: pool}
	path := filepath.Join(filepath.Dir(o.Child), renderName)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		if cache, err = cacheFolder(cache); err != nil {
			return nil, errors.Join(err, pool.Close())
		}
		c.render = &renderer{program: path, cache: cache, options: o}
	}
	return c, nil
}

// cacheFolder makes the folder for compiled code: dir when a child, which is nobody, can reach it, else one of our own
// below the system's folder for temporary files. What is in it is run, so it must be ours alone to write.
func cacheFolder(dir string) (string, error) {
	if !reachable(filepath.Dir(dir)) || os.MkdirAll(dir, 0o755) != nil {
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("sekisho-%d-%s", os.Getuid(), filepath.Base(dir)))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot make folder of compiled code: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("cannot see folder of compiled code: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(owner.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("cannot use %s for compiled code: somebody else can write to it", dir)
	}
	return dir, nil
}

// reachable reports whether everybody may go down the path to dir.
func reachable(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err == nil && info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}

// Rebuild has the file of req rebuilt.
func (c *Children) Rebuild(ctx context.Context, req worker.Request) (worker.Result, error) {
	lean, err := c.Pool.Rebuild(ctx, req)
	if err != nil || c.render == nil || !wantsPDFium(lean) {
		return lean, err
	}
	pool, err := c.render.open(ctx)
	if err == nil {
		err = empty(req.Output)
	}
	if err != nil { // what the lean child said stands
		c.render.log().Error("cannot start children with PDFium", "error", err)
		return lean, ctx.Err()
	}
	return pool.Rebuild(ctx, req)
}

// errNoRenderer says that the program with PDFium is not there.
var errNoRenderer = errors.New("there is no program that draws")

// Draws reports whether there is a program that draws.
func (c *Children) Draws() bool { return c != nil && c.render != nil }

// Draw has the first pages of the file of req drawn, by a child with PDFium.
func (c *Children) Draw(ctx context.Context, req worker.Request) (worker.Result, error) {
	if c.render == nil {
		return worker.Result{}, errNoRenderer
	}
	pool, err := c.render.open(ctx)
	if err != nil {
		return worker.Result{}, err
	}
	return pool.Draw(ctx, req)
}

// wantsPDFium reports whether a child with PDFium may do what a lean one could not.
func wantsPDFium(r worker.Result) bool {
	if r.Report.Type != "pdf" {
		return false
	}
	switch r.Reason {
	case sanitize.ReasonUnsupported, sanitize.ReasonMalformed, sanitize.ReasonEncrypted: // it knows more kinds of encryption, too
		return true
	}
	return false
}

// empty makes f a file of no bytes again.
func empty(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("cannot empty output: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("cannot empty output: %w", err)
	}
	return nil
}

// Close ends all children.
func (c *Children) Close() error {
	err := c.Pool.Close()
	if c.render != nil {
		err = errors.Join(err, c.render.close())
	}
	return err
}

// renderer is the pool of children with PDFium, opened when it is needed.
type renderer struct {
	program, cache string
	options        worker.Options

	mu   sync.Mutex
	pool *worker.Pool
}

// The children with PDFium need more memory than others, and compiling it takes some seconds once.
const (
	renderMemory = 2 << 30
	warmTime     = 2 * time.Minute
)

func (r *renderer) log() *slog.Logger {
	if r.options.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.options.Log
}

func (r *renderer) open(ctx context.Context) (*worker.Pool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pool != nil {
		return r.pool, nil
	}
	if err := r.warm(ctx); err != nil {
		return nil, err
	}
	o := r.options
	o.Child, o.Judge, o.Args, o.Ready, o.Memory = r.program, "", []string{"cache=" + r.cache}, 1, renderMemory
	pool, err := worker.NewPool(o)
	if err == nil {
		r.pool = pool
	}
	return pool, err
}

// warm has PDFium compiled into the cache, unless it was before.
func (r *renderer) warm(ctx context.Context) error {
	if is, err := r.compiled(); err == nil {
		if was, err := os.ReadFile(filepath.Join(r.cache, stampName)); err == nil && string(was) == is {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, warmTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.program, "warm", r.cache)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a gateway that dies at each start leaves no pile of them
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot compile PDFium: %w: %s", err, out)
	}
	if err := r.stamp(); err != nil {
		return fmt.Errorf("cannot keep compiled PDFium: %w", err)
	}
	return nil
}

// stamp writes down what is in the cache.
func (r *renderer) stamp() error {
	is, err := r.compiled()
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(r.cache)
	if err != nil {
		return err
	}
	defer root.Close()
	return durable.WriteFile(root, stampName, []byte(is), 0o644)
}

// stampName is the file of the cache that says what was in it when it was complete.
const stampName = "complete"

// compiled returns what the program and its compiled code are: names, sizes and times.
func (r *renderer) compiled() (string, error) {
	var b strings.Builder
	tell := func(path string, info fs.FileInfo) {
		fmt.Fprintf(&b, "%q %d %d\n", path, info.Size(), info.ModTime().UnixNano())
	}
	info, err := os.Stat(r.program)
	if err != nil {
		return "", err
	}
	tell(r.program, info)
	err = filepath.WalkDir(r.cache, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == stampName {
			return err
		}
		info, err := d.Info()
		if err == nil {
			tell(path, info)
		}
		return err
	})
	return b.String(), err
}

func (r *renderer) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pool == nil {
		return nil
	}
	err := r.pool.Close()
	r.pool = nil
	return err
}
