# SPDX-License-Identifier: Apache-2.0
# Completion of kansend in bash: its help names every flag and what it takes.

_kansend()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} help takes
    help=$("$1" --help 2>/dev/null) || return
    [[ $previous == -c ]] && previous=--config
    takes=$(sed -nE "s/^ .*$previous \[?([A-Za-z0-9:|.]+)\]? .*/\1/p" <<<"$help")
    COMPREPLY=()
    case $takes in
        FILE) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
        DIR) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
        *[a-z]*\|*) mapfile -t COMPREPLY < <(compgen -W "$(tr '|' '\n' <<<"$takes" | grep -v '[A-Z]')" -- "$current") ;;
        '') mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '^ .{0,8}--[a-z-]+' <<<"$help" | grep -oE -- '--?[a-z-]+')" -- "$current") ;;
    esac
}

complete -F _kansend kansend
