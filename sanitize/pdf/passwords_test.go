package pdf

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
)

// TestPasswords has another program encrypt in every revision, with the password as the bytes that some writer makes of
// it, for the user and for the owner; the password as a person types it must open it.
func TestPasswords(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plain, sealed := filepath.Join(dir, "plain.pdf"), filepath.Join(dir, "sealed.pdf")
	if err := os.WriteFile(plain, sheet{}.bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	old := []string{"40", "128 --use-aes=n", "128 --use-aes=y"}
	new := []string{"256 --allow-insecure"}
	for _, c := range []struct {
		name, typed, bytes string
		methods            []string
	}{
		{"letters", "secret", "secret", slices.Concat(old, new, []string{"256 --allow-insecure --force-R5"})},
		{"UTF-8", "ひみつ", "ひみつ", slices.Concat(old, new)},
		{"Shift_JIS", "ひみつ表", "\x82\xd0\x82\xdd\x82\xc2\x95\x5c", old},
		{"EUC-JP", "ひみつ", "\xa4\xd2\xa4\xdf\xa4\xc4", old},
		{"Latin-1", "Größe", "Gr\xf6\xdfe", old},
		{"Windows-1252", "50€", "50\x80", old},
		{"PDFDocEncoding", "50€—Œ", "50\xa0\x84\x96", old},
		{"Mac OS Roman", "Größe", "Gr\x9a\xa7e", old},
		{"half-width katakana after SASLprep", "ﾋﾐﾂ", "ヒミツ", new},
		{"full-width digits after SASLprep", "ｐａｓｓ１２", "pass12", new},
		{"typed decomposed", "か\u3099くしん", "がくしん", new},
		{"typed with what is not seen", "pa\u00adss\u200b12", "pass12", new},
	} {
		for _, method := range c.methods {
			for _, who := range []string{"user", "owner"} {
				user, owner := fmt.Sprintf("%x", c.bytes), fmt.Sprintf("%x", "other")
				if who == "owner" {
					user, owner = owner, user
				}
				args := slices.Concat([]string{"--allow-weak-crypto", "--password-mode=hex-bytes", "--encrypt", user, owner}, strings.Fields(method), []string{"--", plain, sealed})
				if text, err := exec.Command("qpdf", args...).CombinedOutput(); err != nil {
					t.Fatalf("qpdf: %v\n%s", err, text)
				}
				data, err := os.ReadFile(sealed)
				if err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("%s, %s, of the %s", c.name, method, who)
				if err := opens(t, engine, data, c.typed); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if err := opens(t, engine, data, c.typed+"!"); !errors.Is(err, sanitize.ErrEncrypted) {
					t.Errorf("%s: a wrong password: %v", name, err)
				}
			}
		}
	}
}

// opens rebuilds data with passwords, the last one being it, and looks for the text.
func opens(t *testing.T, engine *sanitize.Engine, data []byte, password string) error {
	t.Helper()
	var out strings.Builder
	job := sanitize.Job{Input: sanitize.BytesInput(data), Policy: sanitize.Standard(), Passwords: []string{"誤り", password}}
	report, err := engine.Rebuild(t.Context(), job, &out)
	if err != nil {
		return err
	}
	if len(report.Findings) != 1 || report.Findings[0].Rule != ruleEncryptionRemoved {
		t.Errorf("password %q: findings %v", password, report.Findings)
	}
	if !strings.Contains(out.String(), text) {
		t.Errorf("password %q: the text is gone", password)
	}
	return nil
}

func TestSpellings(t *testing.T) {
	for password, want := range map[string][]string{
		"plain": {"plain"},
		"":      nil,
		"ひ":     {"ひ", "\x82\xd0", "\xa4\xd2"},
		"é":     {"é", "\xe9", "\x8e", "\x8f\xab\xb1", "e\u0301"},
		"ｱ　":    {"ｱ　", "\xb1\x81\x40", "\x8e\xb1\xa1\xa1", "ア ", "\x83\x41 ", "\xa5\xa2 "},
	} {
		got := spellings([]string{password})
		for _, s := range want {
			if !slices.Contains(got, s) {
				t.Errorf("%q is not spelled %q: %q", password, s, got)
			}
		}
		if len(want) < 2 && len(got) != len(want) {
			t.Errorf("%q is spelled %q", password, got)
		}
	}
}
