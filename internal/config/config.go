// Package config reads the configuration files: TOML, strict. A key that is not known is an error with its line and
// the key that was probably meant, because a misspelt safety setting must not be a silent default. A key left out has
// the safe value.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// decode reads the file path into v, which holds the defaults.
func decode(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read configuration: %w", err)
	}
	if len(data) > maxConfig {
		return fmt.Errorf("cannot read configuration: %s is longer than %d bytes", path, maxConfig)
	}
	d := toml.NewDecoder(strings.NewReader(string(data))).DisallowUnknownFields()
	err = d.Decode(v)
	if err == nil {
		return nil
	}
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		return unknownKeys(path, strict, v)
	}
	if at, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := at.Position()
		return fmt.Errorf("%s:%d: %v", path, line, at)
	}
	return fmt.Errorf("%s: %v", path, err)
}

// unknownKeys says where each unknown key stands and which known one is nearest.
func unknownKeys(path string, strict *toml.StrictMissingError, v any) error {
	known := keys(reflect.TypeOf(v), nil)
	var lines []string
	for _, e := range strict.Errors {
		line, _ := e.Position()
		key := e.Key()
		text := fmt.Sprintf("%s:%d: unknown key %q", path, line, strings.Join(key, "."))
		if near := nearest(key[len(key)-1], known); near != "" {
			text += fmt.Sprintf(" (did you mean %q?)", near)
		}
		lines = append(lines, text)
	}
	return errors.New(strings.Join(lines, "\n"))
}

// keys collects every key that the structure t knows, at any depth.
func keys(t reflect.Type, found []string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return found
	}
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("toml"), ","); name != "" {
			found = keys(f.Type, append(found, name))
		}
	}
	return found
}

// nearest returns the known key within two edits of key, or "".
func nearest(key string, known []string) string {
	best, far := "", 3
	for _, k := range known {
		if d := distance(key, k); d < far {
			best, far = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two short words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

// Duration is a time.Duration written as "90s" or "5m".
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not a duration such as 90s or 5m", b)
	}
	*d = Duration(v)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Size is a number of bytes written as "100MiB", "2GiB", "64KiB" or a plain number.
type Size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Size) UnmarshalText(b []byte) error {
	text, unit := string(b), int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}} {
		if rest, ok := strings.CutSuffix(text, u.suffix); ok {
			text, unit = rest, u.bytes
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return fmt.Errorf("%q is not a size such as 100MiB", b)
	}
	*s = Size(n * unit)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (s Size) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(s), 10), nil }
