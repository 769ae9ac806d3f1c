"""Every word of the page that does not come from a table or the domain.

Its neighbours `prompt_texts.py` and `table_texts.py` belong to the same catalogue: a translation is a file like each.
"""

from typing import Final

from playground.domain.words import MODE_LABELS

TITLE: Final = "Veo Playground"
TAGLINE: Final = "Checked, sent once, followed and kept."

FIELD_LABELS: Final[dict[str, str]] = {
    "prompt": "Prompt",
    "negative_prompt": "Negative prompt",
    "duration_seconds": "Duration",
    "resolution": "Resolution",
    "aspect_ratio": "Aspect ratio",
    "generate_audio": "Sound",
    "enhance_prompt": "Enhance the prompt",
    "seed": "Seed",
    "number_of_videos": "Number of videos",
    "person_generation": "People",
    "resize_mode": "Fitting of pictures",
    "compression_quality": "Compression",
    "first_frame": "First frame",
    "last_frame": "Last frame",
    "reference_images": "Reference images",
    "source_video": "Video to extend",
}

PROMPT_PLACEHOLDERS: Final[dict[str, str]] = {
    "text-to-video": "A paper boat drifts down a rain-soaked street at dusk, low tracking shot, soft rain",
    "image-to-video": "What happens next: the camera pulls back slowly, leaves begin to move",
    "interpolation": "How the first picture becomes the last: morning mist lifts, the light turns golden",
    "references": "What the person, thing or style of the pictures does: she walks along the pier at sunset",
    "extension": "How the clip goes on: the boat reaches the river and the rain stops",
}
PLACEHOLDERS: Final[dict[str, str]] = {"seed": "Random", "negative_prompt": "rain, people, text"}

READINESS: Final[dict[str, str]] = {"ready": "", "key": "needs a key", "check": "check only"}
LOCKED: Final = "locked, shut down {date}"
SHUT_DOWN: Final = "shut down {date}"
DEPRECATED: Final = "deprecated since {date}"
AT_RISK: Final = "at risk since {date}"
NOT_A_NUMBER: Final = "{label} must be a whole number, not “{text}”."
GENERATE: Final = "Generate video"
NOT_SET: Final = "Auto"
ON: Final = "On"
OFF: Final = "Off"

SETTINGS: Final[dict[str, str]] = {
    "title": "Settings",
    "provider": "Provider",
    "model": "Model",
    "advanced": "Advanced",
    "rehearsal": "Rehearsal",
    "rehearsalHelp": "Plays an ending on purpose, to see how the page takes it.",
    "on": ON,
    "off": OFF,
    "always": "Always so here",
    "ways": "It fits with",
    "noWay": "Nothing near this request takes it.",
    "needsKey": "{provider} needs a key.",
    "enterKey": "Enter a key",
}
KEYS: Final[dict[str, str]] = {
    "open": "Keys",
    "title": "Keys",
    "lead": "What each provider bills is billed to the account of the key that is used.",
    "kept": (
        "A key that you enter goes into the memory of this server, for this browser alone. It is written nowhere and "
        "never shown again. It is gone {hours} hours after its last use, when you forget it, or when the server "
        "restarts; a job that still needs it then waits for you."
    ),
    "close": "Close",
    "loading": "Looking…",
    "unread": "The keys could not be looked up. Check the connection, and open this again.",
    "source_yours": "yours, in memory",
    "source_environment": "from the environment",
    "source_none": "none",
    "fromEnvironment": "This server has one, set as {env}. A key of your own is used instead while it is here.",
    "fromYou": "Used for your jobs until you forget it or the server restarts.",
    "key": "Key for {provider}",
    "keyAgain": "Another key for {provider}",
    "account_id": "Account id",
    "project": "Project",
    "save": "Save",
    "test": "Test",
    "testNamed": "Test the key for {provider}",
    "forget": "Forget",
    "forgetNamed": "Forget your key for {provider}",
    "onlyARun": "{provider} has no free call that tries a key: only a run can tell whether it works.",
    "saving": "Saving…",
    "testing": "Asking {provider}…",
    "saved": "Saved in memory.",
    "forgotten": "Forgotten.",
    "failed": "That did not get through. Check the connection, and enter it again.",
    "leaks": "Is it anywhere it should not be?",
    "leaksLead": (
        "Looks for a key in this page and in all that the browser keeps for it: text, fields, addresses, cookies and "
        "storage. Paste the key that you entered, or leave this empty: a made-up one is sent, refused and looked for."
    ),
    "leaksKey": "Key to look for",
    "leaksSearch": "Look for it",
    "leaksBusy": "Looking…",
    "leaksNone": "It is nowhere in this page, and the browser keeps it nowhere.",
    "leaksFound": "It is here, where it should not be:",
    "leaksSpelling": " (written as {spelling})",
}
LOGIN: Final[dict[str, str]] = {
    "heading": "Log in",
    "lead": "This playground is for people with an account here.",
    "name": "Name",
    "password": "Password",
    "enter": "Log in",
    "or": "or",
    "with": "Log in with {provider}",
    "wrong": "That name and password do not go together.",
    "tooMany": "Too many wrong attempts. Try again in {minutes} min.",
    "noPasswords": "Nobody logs in with a password here.",
    "unreachable": "{provider} cannot be asked just now. Try again.",
    "notVouched": "{provider} did not say who you are. Try again.",
    "framed": "In this frame your browser may not keep you logged in.",
    "framedOpen": "Open the playground in a tab of its own",
    "first": "Log in first.",
    "firstNext": "Open the page and log in; a program logs in with a name and a password.",
    "jobsNote": "seen by you only, in every browser",
    "keysKept": (
        "A key that you enter goes into the memory of this server, for you alone, in every browser where you are "
        "logged in. It is written nowhere and never shown again. It is gone {hours} hours after its last use, when you "
        "forget it, or when the server restarts; a job that still needs it then waits for you."
    ),
    "out": "Log out",
    "outNamed": "Log out, {name}",
}
NO_REHEARSAL: Final = "None: make the video"

NO_PROVIDER: Final = "No provider offers this yet."

PROBLEMS: Final = "{count} things to change before this can be sent:"
ONE_PROBLEM: Final = "One thing to change before this can be sent:"
OUR_FAULT: Final = "Something went wrong on our side, so nothing was confirmed as sent."
OUR_FAULT_NEXT: Final = "Your entries are kept. Try again; if it stays, look at the server’s log."
UNKNOWN_BROWSER: Final = "This browser cannot be told apart from others; allow this page to store data and reload it."

MEDIA: Final[dict[str, str]] = {
    "drop": "Drop, paste or choose a picture",
    "drop_many": "Drop, paste or choose pictures",
    "dropVideo": "Drop, paste or choose a video",
    "url": "From a link",
    "urlPlaceholder": "https://…",
    "urlAdd": "Use link",
    "linksOnly": "This provider takes only public links here: a file on your computer cannot be sent to it.",
    "results": "Your results",
    "noResults": "No finished video yet. What you make here appears in this place.",
    "resultsFailed": "Your results could not be read. Check the connection.",
    "lastFrame": "last frame",
    "seconds": "{seconds} s",
    "daysLeft": "{days} days left",
    "hoursLeft": "{hours} hours left",
    "remove": "Remove {name}",
    "uploading": "Uploading {name}…",
    "tooBig": "{name} is too big: at most {megabytes} MB can be uploaded.",
    "failed": "{name} could not be uploaded. Check the connection and try again.",
    "badUrl": "A link must begin with http:// or https://.",
    "full": "At most {count} can be used.",
    "link": "link",
    "result": "your result",
    "fit_same": "Fits {ratio}",
    "fit_crop": "Cropped to {ratio}",
    "fit_pad": "Padded to {ratio}",
    "fit_either": "Not {ratio}: it will be cropped or padded",
    "instead_pad": "Pad instead",
    "instead_crop": "Crop instead",
}

DELETING: Final[dict[str, str]] = {
    "delete": "Delete",
    "deleteNamed": "Delete: {prompt}",
    "sure": "Delete this job and its files here?",
    "cannot": "This job cannot be deleted now.",
    "keep": "Keep it",
    "close": "Close",
    "go": "Delete for good",
    "failed": "That did not get through. Check the connection and try again.",
    "removed": "Video removed",
}
"""Said where a job is about to be deleted, in the card and in the list."""

CARD: Final[dict[str, object]] = {
    "deleting": DELETING,
    "gone": (
        "The video of this job is no longer here: it was removed to make room, or by somebody with access to the "
        "folder. What was asked for and what it cost is still known."
    ),
    "region": "Your video",
    "idle": "Ready when you are",
    "idleHint": "Your video appears here. You may close the page while it is made: it goes on without you.",
    "queued": "Waiting to be sent",
    "submitting": "Sending",
    "running": "Generating",
    "downloading": "Saving",
    "succeeded": "Ready",
    "failed": "It did not work out",
    "cancelled": "Cancelled",
    "uncertain": "We cannot tell whether it was accepted",
    "parked": "Needs your key to go on",
    "enterKey": "Enter the key",
    "overdue": "Taking much longer than usual",
    "overdueHint": "We stopped asking; the provider may still finish it. Look again whenever you like.",
    "cancelledHint": "You stopped it. Change what you like and generate again.",
    "step_checked": "Checked",
    "step_submitted": "Submitted",
    "step_generating": "Generating",
    "step_saving": "Saving",
    "step_ready": "Ready",
    "cancel": "Cancel",
    "cancelling": "Cancelling…",
    "look": "Look again",
    "download": "Download",
    "polls": "asked {count} times",
    "poll": "asked once",
    "sound": "with sound",
    "silent": "without sound",
    "video": "Video {number}",
    "strip": "Videos of this job",
    "useFrame": "Use last frame",
    "extend": "Extend",
    "length": "Length",
    "frame": "Size",
    "soundTitle": "Sound",
    "file": "File",
    "seed": "Seed",
    "seedTheirs": "random",
    "took": "Took",
    "price": "Price",
    "free": "Free",
    "unknown": "unknown",
    "shown": "Shown",
    "theirId": "Job at {provider}",
    "copyId": "Copy the provider’s job id",
    "usual": "Half of such jobs took up to {low} here, nine of ten up to {high} ({count} jobs).",
    "usualLate": "Slower than nine of ten here, which took up to {high}. It goes on.",
    "usualDocumented": "{provider} says that a video takes {low} to {high}.",
    "usualDocumentedLate": "Longer than the {high} that {provider} names. It goes on.",
    "notify": "Tell me when it is done",
    "notifyOn": "You will be told",
    "titleSeveral": "{count} jobs",
    "copyAs": "Copy as",
    "code": "The job as a program",
    "code_curl": "curl",
    "code_python": "Python",
    "code_javascript": "JavaScript",
    "copied": "Copied",
    "copyByHand": "Select it and copy it by hand",
    "talk": "Request and answers",
    "neutral": "Your request",
    "sentTo": "Sent to {provider}",
    "call": "Address and headers",
    "body": "Body",
    "answered": "Answer",
    "noAnswer": "none came",
    "newest": "The newest {count} questions and answers",
    "nothingSent": "Nothing has been sent yet.",
    "notRead": "That could not be read. Try again.",
    "charged_yes": "Charged",
    "charged_no": "Not charged",
    "charged_unknown": "Whether it was charged is unknown",
    "words": "The provider’s words",
    "doubt_sent": "Sent",
    "doubt_sentTo": "{when}, to {who} ({host})",
    "doubt_stake": "May have been charged",
    "doubt_find": "To find it there",
    "doubt_id": "Job id at {provider}",
    "doubt_example": "such as {id}",
    "doubt_noPrice": "price unknown",
    "doubt_lookUp": "Look it up at {provider}",
    "doubt_asking": "Asking {provider}…",
    "doubt_lost": "It is lost…",
    "doubt_lostSure": "Take it for lost? Whether {provider} charged it stays unknown.",
    "doubt_lostYes": "It is lost",
    "doubt_again": "Submit again…",
    "doubt_againSure": "If {provider} took the first one, this is charged a second time ({price}).",
    "doubt_againYes": "Submit again ({price})",
    "doubt_back": "Not now",
    "againAs": "Show the one that was submitted instead",
    "insteadOf": "Show the first one",
    "lost": "Connection lost. Your job goes on; reconnecting…",
    "actionFailed": "That did not get through. Try again.",
}

JOBS: Final[dict[str, object]] = {
    "deleting": DELETING,
    "title": "Your jobs",
    "note": "seen in this browser only",
    "all": "Show all {count}",
    "fewer": "Show fewer",
    "free": "Free",
    "unknown": "Price unknown",
    "notCharged": "Not charged",
    "maybeCharged": "Charge unknown",
    "doubt": "sent to {provider} at {when}: look it up or settle it",
    "modes": MODE_LABELS,
    "states": {
        "queued": "Waiting",
        "submitting": "Sending",
        "running": "Generating",
        "downloading": "Saving",
        "succeeded": "Ready",
        "failed": "Failed",
        "cancelled": "Cancelled",
        "uncertain": "Uncertain",
        "parked": "Needs its key",
        "overdue": "Overdue",
    },
}

QUOTE: Final[dict[str, str]] = {
    "free": "Free",
    "unknown": "Price unknown",
    "estimate": "estimate",
    "valid": "Valid",
    "noPrompt": "Write a prompt to begin",
    "wrong": "A number is no number",
    "locked": "This model was shut down",
    "unreached": "No answer from the server; trying again",
    "share": "Copy a link to this form",
    "copied": "Link copied.",
    "carries": "It carries the prompt and the settings; no pictures, no keys.",
    "byHand": "Copy this link:",
}

ADVICE: Final[dict[str, str]] = {
    "errors": "This does not fit:",
    "nearest": "Nearest that fits",
    "apply": "Apply",
    "applyTo": "Apply: {changes}",
    "nobody": "Nothing near this request fits anywhere.",
    "was": "changed from {value}",
    "unset": "not set",
    "applied": "Changed: {changes}.",
    "locked": "{model} at {provider} was shut down on {date}.",
    "left": "What is left:",
    "leftNone": "Nobody else can do this request as it is.",
    "lockedGo": "Nothing can be sent to a model that was shut down.",
    "aside": "Set aside, as it does not fit here:",
    "asideBack": "It comes back with a provider that takes it.",
    "free": "Free",
    "unknown": "Price unknown",
    "wholeNumber": NOT_A_NUMBER,
}

WHO: Final[dict[str, str]] = {
    "title": "Who can do this",
    "count": "{can} of {all}",
    "others": "{count} cannot",
    "another": "1 cannot",
    "nobody": "Nobody can do this request as it is.",
    "given": "Still to be given: {fields}.",
    "free": "Free",
    "unknown": "Price unknown",
    "here": "chosen",
    "use": "Use {who}, keeping your settings",
    "and": " and ",
}

THEME: Final = "Light or dark"

CAPABILITIES: Final = "Capabilities"
