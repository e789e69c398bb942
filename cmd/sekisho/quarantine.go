package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/console/account"
	"sekisho/internal/notice"
	"sekisho/internal/pipeline"
	"sekisho/internal/quarantine"
)

// reviewFlags are what every decision needs.
type reviewFlags struct {
	state  stateFlags
	remote remoteFlags
	code   string // one-time code of the person, for an approval through a console
	actor  string
	reason string
	why    string // code of the reason, of a request or an approval
	json   bool
}

func quarantineCommand() *cobra.Command {
	var f reviewFlags
	cmd := &cobra.Command{Use: "quarantine", Short: "保留したファイル / held files", Args: cobra.NoArgs}
	f.state.add(cmd)
	f.remote.add(cmd)
	actorFlag(cmd, &f.actor)
	cmd.PersistentFlags().StringVar(&f.reason, "reason", "", "理由 / why")
	cmd.AddCommand(f.list(), f.show(), f.release(), f.reject(), f.password())
	return cmd
}

// actorFlag adds the flag that says who does what is done, to a command and those below it.
func actorFlag(cmd *cobra.Command, actor *string) {
	cmd.PersistentFlags().StringVar(actor, "actor", os.Getenv("SEKISHO_ACTOR"), "決める人の名前 / name of the person who decides (or SEKISHO_ACTOR)")
}

// open opens the quarantine for review: that of this machine, or the one behind a console.
func (f *reviewFlags) open() (desk, error) {
	if far, err := f.remote.on(); err != nil {
		return nil, err
	} else if far {
		r, err := f.remote.open()
		return remoteDesk{r, f.code}, err
	}
	g, err := f.state.gateway()
	if err != nil {
		return nil, err
	}
	r, err := pipeline.OpenReview(g)
	return folderDesk{r, f.actor, func(ctx context.Context, e quarantine.Entry) []quarantine.Role {
		return rolesHere(ctx, g, f.actor, e.Item)
	}}, err
}

// rolesHere returns the roles in which a person may approve the release of an item: those of the account of that name in the
// console. Whoever has no account has none, and approves only where anyone may.
func rolesHere(ctx context.Context, g config.Gateway, actor string, i quarantine.Item) []quarantine.Role {
	if _, err := os.Stat(g.Console.State); err != nil {
		return nil
	}
	accounts, err := account.Open(ctx, g.Console.State, account.Options{Record: pipeline.Recorder(g)})
	if err != nil {
		return nil
	}
	defer accounts.Close()
	a, err := accounts.Get(ctx, actor)
	if err != nil {
		return nil
	}
	var roles []quarantine.Role
	for _, r := range a.ApprovesAs(g.OfficeOf(i.Route, i.Path)) {
		roles = append(roles, quarantine.Role(r))
	}
	return roles
}

func (f *reviewFlags) list() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "一覧 / list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := f.open()
			if err != nil {
				return err
			}
			defer r.Close()
			for e, err := range r.list(cmd.Context()) {
				if err != nil && f.remote.console != "" {
					return err
				}
				if err != nil {
					fmt.Fprintln(cmd.ErrOrStderr(), "sekisho:", err)
					continue
				}
				if err := printEntry(cmd.OutOrStdout(), e, f.json, false); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&f.json, "json", false, "1行に1件のJSON / one JSON object a line")
	return cmd
}

func (f *reviewFlags) show() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "1件を詳しく / one item in full", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.open()
			if err != nil {
				return err
			}
			defer r.Close()
			e, err := r.get(cmd.Context(), args[0])
			if err != nil {
				return explain(err)
			}
			return printEntry(cmd.OutOrStdout(), e, f.json, true)
		},
	}
	cmd.Flags().BoolVar(&f.json, "json", false, "JSON")
	return cmd
}

// printEntry prints an item: one line, or all there is to know.
func printEntry(w io.Writer, e quarantine.Entry, asJSON, full bool) error {
	if asJSON {
		return printJSON(w, e)
	}
	i := e.Item
	_, err := fmt.Fprintf(w, "%s  %-10s %-11s %s  %s\n", i.Job, e.State.Stage, i.Reason, i.Held.In(audit.Japan()).Format("2006-01-02 15:04"),
		notice.Visible(filepath.Join(i.Path, i.Name)))
	if err != nil || !full {
		return err
	}
	m := notice.Lookup(string(i.Reason))
	fmt.Fprintf(w, "  %s %s\n  %s\n", m.Code, m.Ja.What, m.En.What)
	fmt.Fprintf(w, "  種類 type %s / 名前から declared %s / %d bytes / SHA-256 %s\n", i.Type, i.Declared, i.Size, i.SHA256)
	fmt.Fprintf(w, "  詳細 detail: %s\n", notice.Visible(firstLine(i.Detail)))
	for _, s := range i.Scans {
		fmt.Fprintf(w, "  検査 scan: %s %s %s\n", s.Scanner, s.Result, notice.Visible(s.Detail))
	}
	for _, x := range i.Findings {
		fmt.Fprintf(w, "  見つかったもの finding: %s ×%d %s\n", x.Rule, x.Count, notice.Visible(x.Where))
	}
	for _, d := range e.State.Decisions {
		fmt.Fprintf(w, "  判断 decision: %s %s %s %s %s\n", d.Time.In(audit.Japan()).Format("2006-01-02 15:04"), d.What, notice.Visible(d.Actor), d.Policy, notice.Visible(d.Reason))
	}
	return nil
}

func (f *reviewFlags) release() *cobra.Command {
	var policy, passwords string
	var asIs bool
	cmd := &cobra.Command{
		Use:   "release ID [--policy P] [--password-file F] | --as-is",
		Short: "もう一度処理して通す / treat again and release",
		Long: "保留したファイルを、別の方針やパスワードでもう一度処理します。--as-is は原本をそのまま通す例外措置で、申請する人と、設定で決めた人数の承認が要ります。\n" +
			"Treats a held file again under another policy or with a password. --as-is releases the original as it is; one person asks for it, and as many others as the configuration says must approve.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asIs && (policy != "" || passwords != "") {
				return exit{2, errors.New("--as-is goes with neither --policy nor --password-file")}
			}
			return f.decide(cmd, func(ctx context.Context, r desk) error {
				if asIs {
					released, err := r.asIs(ctx, args[0], quarantine.By{Code: quarantine.Code(f.why), Reason: f.reason})
					if err == nil && !released {
						fmt.Fprintln(cmd.OutOrStdout(), "申請または承認を記録しました。まだ別の人の承認が要ります / on record; another person must still approve")
					}
					return err
				}
				all, err := readPasswords(passwords)
				if err != nil {
					return err
				}
				return r.again(ctx, args[0], f.reason, policy, strings.Join(all[:min(1, len(all))], ""))
			})
		},
	}
	cmd.Flags().StringVar(&policy, "policy", "", "方針 / policy: standard, strict, render, attachments")
	cmd.Flags().StringVar(&passwords, "password-file", "", "パスワードを1行目に書いたファイル / file with the password in its first line")
	cmd.Flags().StringVar(&f.code, "code", "", "承認する人の確認コード（--console のとき） / one-time code of who approves (with --console)")
	cmd.Flags().StringVar(&f.why, "reason-code", "", "理由の番号（--as-is のとき） / code of the reason (with --as-is): needed, sender, checked, deadline, other")
	cmd.Flags().BoolVar(&asIs, "as-is", false, "原本をそのまま通す（例外措置） / release the original as it is")
	return cmd
}

func (f *reviewFlags) password() *cobra.Command {
	var passwords string
	cmd := &cobra.Command{
		Use:   "password ID [--password-file F]",
		Short: "パスワードを渡して処理し直す / treat again with a password (from the file, or a line on stdin)",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.decide(cmd, func(ctx context.Context, r desk) error {
				password, err := onePassword(passwords, cmd.InOrStdin())
				if err != nil {
					return err
				}
				return r.again(ctx, args[0], f.reason, "", password)
			})
		},
	}
	cmd.Flags().StringVar(&passwords, "password-file", "", "パスワードを1行目に書いたファイル / file with the password in its first line")
	return cmd
}

// maxPasswordLine bounds what is read of standard input for a password, in bytes.
const maxPasswordLine = 4096

// onePassword reads a password from the first line of the file path, or of stdin.
func onePassword(path string, stdin io.Reader) (string, error) {
	if path != "" {
		all, err := readPasswords(path)
		if err != nil {
			return "", err
		}
		return all[0], nil
	}
	b, err := io.ReadAll(io.LimitReader(stdin, maxPasswordLine))
	if err != nil {
		return "", fmt.Errorf("cannot read password: %w", err)
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
		return "", errors.New("cannot read password: it is empty")
	}
	return string(line), nil
}

func (f *reviewFlags) reject() *cobra.Command {
	return &cobra.Command{
		Use: "reject ID", Short: "通さないと決める / decide that it does not cross", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.decide(cmd, func(ctx context.Context, r desk) error {
				return r.reject(ctx, args[0], f.reason)
			})
		},
	}
}

// decide opens the quarantine and makes one decision.
func (f *reviewFlags) decide(cmd *cobra.Command, do func(context.Context, desk) error) error {
	if f.remote.console != "" && cmd.Flags().Changed("actor") {
		return exit{2, errors.New("--actor does not go with --console: the owner of the token decides")}
	}
	if f.actor == "" && f.remote.console == "" {
		return exit{2, errors.New("give --actor, the name of the person who decides")}
	}
	r, err := f.open()
	if err != nil {
		return err
	}
	defer r.Close()
	return explain(do(cmd.Context(), r))
}

// explain says in front of an error what it means to the person who decides.
func explain(err error) error {
	for _, known := range []struct {
		is   error
		text string
	}{
		{fs.ErrNotExist, "その番号の保留ファイル、または鍵が見つかりません。番号は quarantine list で確かめられます / no such held file, or no key"},
		{fs.ErrPermission, "鍵または保留ファイルを読む権限がありません / no permission to read the key or the held file"},
		{quarantine.ErrKey, "審査用の鍵が、このファイルを保留したときの鍵と違います / the review key is not the one that the file was held for"},
		{quarantine.ErrState, "今の状態ではできません。処理中か、すでに決まっています / not possible now: it is being treated, or was decided"},
		{quarantine.ErrSamePerson, "申請した人とは別の人の承認が要ります / a person other than the one who asked must approve"},
		{quarantine.ErrRole, "次の承認は、別の役割の人が行います。画面に登録された承認者または管理者の名前で行ってください / the next approval is that of a person in another role, by the name of the account in the console"},
		{quarantine.ErrMalware, "ウイルスが見つかったファイルは通せません / a file in which malware was found never crosses"},
		{quarantine.ErrExceptions, "この設定では原本をそのまま通せません（exceptions = false） / originals are not released here"},
		{quarantine.ErrReason, "--reason で理由を書いてください（長すぎてもいけません） / give a --reason that is not too long"},
		{quarantine.ErrDamaged, "保留ファイルが壊れているか、書き換えられています / the held file is damaged or was changed"},
	} {
		if errors.Is(err, known.is) {
			return fmt.Errorf("%s: %w", known.text, err)
		}
	}
	return err
}
