# SPDX-License-Identifier: Apache-2.0
# Completion of kansenctl in bash: kansenctl itself knows what may follow (client/cli/complete.h).

_kansenctl()
{
    local line=${COMP_LINE:0:COMP_POINT} candidate current before
    local -a words
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    current=${words[-1]}
    # Bash takes = and : for the end of a word, and puts what it gets behind it.
    before=${current%"${current##*[=:]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        case $candidate in
            :files | :dirs)
                compopt -o filenames 2>/dev/null
                [[ $candidate == :files ]] && mapfile -t COMPREPLY < <(compgen -f -- "${current#"$before"}")
                [[ $candidate == :dirs ]] && mapfile -t COMPREPLY < <(compgen -d -- "${current#"$before"}")
                ;;
            "$current"*) COMPREPLY+=("${candidate#"$before"}") ;;
        esac
    done < <("$1" complete "${words[@]:1}" 2>/dev/null)
}

complete -F _kansenctl kansenctl
