# SPDX-License-Identifier: GPL-3.0-or-later
#
# bash completion for csin. Commands, options and formats are read from csin's own --help, so there is no
# list here to keep up to date; where nothing is offered, bash completes file names.

# The head of the CSV of the first file of points in the line.
_csin_points() {
    local file
    for file in "${COMP_WORDS[@]}"; do
        if [[ $file == *.db && -r $file ]]; then
            "$1" sweep --show "$file" --format csv 2>/dev/null | head -n 1
            return
        fi
    done
}

_csin() {
    local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]-} word=${COMP_WORDS[COMP_CWORD]} option choices=
    if ((COMP_CWORD == 1)); then
        choices=$("$program" --help | sed -n 's/^  csin \([a-z]*\) .*/\1/p' | sort -u)
        COMPREPLY=($(compgen -W "$choices --help --version" -- "$word"))
        return
    fi
    # bash makes three words of --format=svg.
    option=${COMP_WORDS[COMP_CWORD - 1]}
    if [[ $word == = ]]; then
        word=
    elif [[ $option == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $option in
    -f | --format) # the help says: text (the default), json or svg; in several lines if need be
        choices=$("$program" "$command" --help 2>/dev/null | tr -s '\n ' ' ' |
            sed 's/.*--format=FORMAT //; s/ -.*//; s/([^)]*)//g; s/,/ /g; s/ or / /g')
        ;;
    --congestion) # share cables by this model: fair or lossless
        choices=$("$program" "$command" --help 2>/dev/null |
            sed -n 's/.*--congestion=MODEL .*: //p' | sed 's/ or / /')
        ;;
    --over | --by) # axes of the file of points that the line names
        choices=$(_csin_points "$program" | sed 's/,status,.*//; s/^number,repetition,//; s/,/ /g')
        ;;
    --metric)
        choices=$(_csin_points "$program" | sed 's/.*,status,message,//; s/,/ /g')
        ;;
    --optimize) # a list of placement, routing, isolation and knobs (...); ... Or upgrades: ...
        choices=$("$program" "$command" --help 2>/dev/null | tr -s '\n ' ' ' |
            sed -n 's/.*--optimize=WHAT a list of \([^(]*\)(.* Or \([a-z]*\):.*/\1 \2/p' | sed 's/,/ /g; s/ and / /')
        COMPREPLY=($(compgen -P "${word%"${word##*,}"}" -W "$choices" -- "${word##*,}"))
        return
        ;;
    *)
        if [[ $word == -* ]]; then
            choices=$("$program" "$command" --help 2>/dev/null | grep -o -- '--[a-z][a-z-]*')
        fi
        ;;
    esac
    COMPREPLY=($(compgen -W "$choices" -- "$word"))
}

complete -o bashdefault -o default -F _csin csin
