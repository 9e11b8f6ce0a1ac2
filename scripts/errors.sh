# Sourced by bash scripts: no script stops without a word. `set -e` ends a script at the first command
# that fails; this says which command that was, where, and its exit status.
#
# A command that may fail stands in a condition, or before `||`: nothing is said of it.
set -eEuo pipefail
trap 'command_failed $? "${PIPESTATUS[*]}" "${BASH_SOURCE[0]}:$LINENO" "$BASH_COMMAND"' ERR

# command_failed STATUS STATUSES_OF_THE_PIPE PLACE COMMAND: of a pipe, bash names the last command.
command_failed() {
    local reason=
    [ "$1" -le 128 ] || reason=" (signal $(($1 - 128)))"
    [[ $2 != *' '* ]] || reason+=" (of the pipe: $2)"
    echo "$3: exit status $1$reason: $4" >&2
}
