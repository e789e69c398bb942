package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/pipeline"
	"sekisho/transfer/keyfile"
)

// stateFlags say where the gateway keeps its state: by its configuration, or by the folder of `sekisho up`.
type stateFlags struct{ config, dir string }

func (s *stateFlags) add(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVarP(&s.config, "config", "c", "", "設定ファイル / configuration file of the gateway")
	cmd.PersistentFlags().StringVar(&s.dir, "dir", "./var", "sekisho up のフォルダ / folder of sekisho up")
}

// gateway returns the configuration that the flags name.
func (s *stateFlags) gateway() (config.Gateway, error) {
	if s.config != "" {
		return config.LoadGateway(s.config)
	}
	return upConfig(s.dir, "127.0.0.1:0"), nil
}

func auditCommand() *cobra.Command {
	var state stateFlags
	cmd := &cobra.Command{Use: "audit", Short: "記録 / the record", Args: cobra.NoArgs}
	state.add(cmd)
	cmd.AddCommand(auditVerify(&state), auditExport(&state))
	return cmd
}

func auditVerify(state *stateFlags) *cobra.Command {
	var lgwan bool
	var far remoteFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "記録が書き換えられていないか確かめる / check that the record was not changed",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sum, err := verifyRecord(cmd.Context(), state, far, lgwan)
			out := cmd.OutOrStdout()
			for _, p := range sum.Problems {
				fmt.Fprintf(out, "%s:%d: %s\n", p.File, p.Line, p.What)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "記録に書き換えはありません / the record is unchanged: %d entries in %d file(s), head %s\n", sum.Entries, sum.Files, sum.Head.Hash)
			return nil
		},
	}
	cmd.Flags().BoolVar(&lgwan, "lgwan", false, "LGWAN側の記録 / the receiver's record of sekisho up")
	far.add(cmd)
	return cmd
}

// verifyRecord checks the record on this machine, or has the console check its gateway's.
func verifyRecord(ctx context.Context, state *stateFlags, far remoteFlags, lgwan bool) (sum audit.Summary, err error) {
	if on, err := far.on(); err != nil {
		return sum, err
	} else if on {
		return farRecord(ctx, far, lgwan)
	}
	g, err := state.gateway()
	if err != nil {
		return sum, err
	}
	root, err := pipeline.OpenRecordFolder(g, lgwan)
	if err != nil {
		return sum, err
	}
	defer root.Close()
	var o audit.VerifyOptions
	key, err := keyfile.LoadPublic(recordKey(g, lgwan))
	switch {
	case err == nil:
		o.Key = key
	case !errors.Is(err, fs.ErrNotExist):
		return sum, err
	}
	return audit.Verify(ctx, root, pipeline.RecordName, o)
}

// farRecord has the console check its gateway's record.
func farRecord(ctx context.Context, far remoteFlags, lgwan bool) (audit.Summary, error) {
	var answer struct {
		OK bool
		audit.Summary
	}
	if lgwan {
		return answer.Summary, exit{2, errors.New("--lgwan does not go with --console: the other zone has its own record")}
	}
	r, err := far.open()
	if err != nil {
		return answer.Summary, err
	}
	if err := r.call(ctx, http.MethodPost, "/record/verify", nil, &answer); err != nil {
		return answer.Summary, err
	}
	if !answer.OK {
		return answer.Summary, fmt.Errorf("cannot vouch for the record: %w", audit.ErrTampered)
	}
	return answer.Summary, nil
}

// recordKey is the file with the public key that signs the head of the record.
func recordKey(g config.Gateway, lgwan bool) string {
	if lgwan {
		return filepath.Join(g.State, "keys", "receiver-host.pub")
	}
	return g.Link.SignKey + ".pub"
}

func auditExport(state *stateFlags) *cobra.Command {
	var output, job, from, to string
	var lgwan bool
	cmd := &cobra.Command{
		Use:   "export [-o FILE]",
		Short: "Excelで開けるCSVに書き出す / write CSV that Excel opens",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g, err := state.gateway()
			if err != nil {
				return err
			}
			filter := audit.Filter{Job: job}
			if filter.From, err = day(from, 0); err != nil {
				return err
			}
			if filter.To, err = day(to, 1); err != nil {
				return err
			}
			root, err := pipeline.OpenRecordFolder(g, lgwan)
			if err != nil {
				return err
			}
			defer root.Close()
			if output == "" {
				_, err := audit.Export(cmd.Context(), root, pipeline.RecordName, cmd.OutOrStdout(), filter)
				return err
			}
			folder, err := openFolder(filepath.Dir(output))
			if err != nil {
				return err
			}
			defer folder.Close()
			f, err := durable.Begin(folder, filepath.Base(output), 0o600)
			if err != nil {
				return err
			}
			defer f.Abort()
			if _, err := audit.Export(cmd.Context(), root, pipeline.RecordName, f, filter); err != nil {
				return err
			}
			return f.Commit()
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "書き出し先（省略時は標準出力） / file (default: stdout)")
	cmd.Flags().StringVar(&job, "job", "", "受付番号 / job id")
	cmd.Flags().StringVar(&from, "from", "", "この日から / from this day (2026-04-01)")
	cmd.Flags().StringVar(&to, "to", "", "この日まで / to this day, included")
	cmd.Flags().BoolVar(&lgwan, "lgwan", false, "LGWAN側の記録 / the receiver's record of sekisho up")
	return cmd
}

// day reads a day in Japan and returns its start, so many days later. An empty text is no day.
func day(text string, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, audit.Japan())
	if err != nil {
		return time.Time{}, exit{2, fmt.Errorf("%q is not a day such as 2026-04-01", text)}
	}
	return t.AddDate(0, 0, later), nil
}
