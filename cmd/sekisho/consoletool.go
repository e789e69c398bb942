package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"sekisho/internal/config"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/pipeline"
)

// consoleCommand is what who has the machine may do about the console.
func consoleCommand() *cobra.Command {
	var state stateFlags
	cmd := &cobra.Command{Use: "console", Short: "画面（コンソール）の管理 / care of the console", Args: cobra.NoArgs}
	state.add(cmd)
	cmd.AddCommand(reindexCommand(&state), tokenCommand(&state), programTokenCommand(&state), endTokenCommand(&state))
	return cmd
}

func reindexCommand(state *stateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "reindex -c FILE",
		Short: "一覧の索引を記録から作り直す / make the index of the lists anew from the record",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g, err := state.gateway()
			if err != nil {
				return err
			}
			record, err := pipeline.OpenRecordFolder(g, false)
			if err != nil {
				return fmt.Errorf("cannot open the record: %w", err)
			}
			defer record.Close()
			x, err := index.Open(cmd.Context(), g.Console.State, index.Options{
				Record: record, Log: pipeline.RecordName, Office: g.OfficeOf, Hidden: config.CanaryRoute,
			})
			if err != nil {
				return err
			}
			defer x.Close()
			if err := x.Rebuild(cmd.Context()); err != nil {
				return err
			}
			seq, broken, err := x.Reached(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "索引を作り直しました / the index is made anew: %d entries\n", seq)
			if broken > 0 {
				return fmt.Errorf("読めない行が記録に %d あります。sekisho audit verify で確かめてください / %d lines of the record cannot be read", broken, broken)
			}
			return nil
		},
	}
}

func tokenCommand(state *stateFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "token -c FILE",
		Short: "新しい管理者を作る合言葉（1回限り、24時間） / a token that makes a new administrator, once, within a day",
		Args:  cobra.NoArgs,
		RunE: state.withAccounts(func(cmd *cobra.Command, accounts *account.Store, _ []string) error {
			token, err := accounts.RescueToken(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "画面の /setup で使ってください / use it on the page /setup of the console:\n%s\n", token)
			return nil
		}),
	}
}

// withAccounts returns a command's work that is given the accounts of a gateway, which may be running.
func (s *stateFlags) withAccounts(work func(*cobra.Command, *account.Store, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		g, err := s.gateway()
		if err != nil {
			return err
		}
		accounts, err := account.Open(cmd.Context(), g.Console.State, account.Options{Record: pipeline.Recorder(g)})
		if err != nil {
			return err
		}
		return errors.Join(work(cmd, accounts, args), accounts.Close())
	}
}

func programTokenCommand(state *stateFlags) *cobra.Command {
	var label string
	var roles []string
	var days int
	cmd := &cobra.Command{
		Use:   "program-token NAME --label L --role R",
		Short: "プログラム用のトークンを作る（利用者 NAME の役割の範囲で） / a token with which a program acts as the person NAME",
		Args:  cobra.ExactArgs(1),
		RunE: state.withAccounts(func(cmd *cobra.Command, accounts *account.Store, args []string) error {
			var as []account.Role
			for _, r := range roles {
				as = append(as, account.Role(r))
			}
			token, err := accounts.MakeToken(cmd.Context(), args[0], label, as, time.Now().AddDate(0, 0, days))
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), token)
			return nil
		}),
	}
	cmd.Flags().StringVar(&label, "label", "", "何に使うか / what it is for")
	cmd.Flags().StringSliceVar(&roles, "role", nil, "役割 / roles: staff, counter, approver, operator, admin, auditor")
	cmd.Flags().IntVar(&days, "days", 90, "有効な日数 / days for which it holds")
	return cmd
}

func endTokenCommand(state *stateFlags) *cobra.Command {
	var actor string
	cmd := &cobra.Command{
		Use:   "end-token NAME [ID]",
		Short: "プログラム用のトークンを取り消す（ID が無ければ一覧） / end a token; without ID, list them",
		Args:  cobra.RangeArgs(1, 2),
		RunE: state.withAccounts(func(cmd *cobra.Command, accounts *account.Store, args []string) error {
			if len(args) == 2 {
				return accounts.RemoveToken(cmd.Context(), actor, args[0], args[1])
			}
			all, err := accounts.Tokens(cmd.Context(), args[0])
			for _, t := range all {
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %v  %s\n", t.ID, t.Label, t.Roles, t.Expiry.Format(time.DateOnly))
			}
			return err
		}),
	}
	actorFlag(cmd, &actor)
	return cmd
}
