"""Before a create: a copy in place of each picture that its provider would not take, or not see as a person does.

What is different about a copy was told by the check of the request; of a fetched picture it is noted now.
"""

from playground.domain.capabilities import ModeSpec
from playground.domain.errors import Failure, failure
from playground.domain.media_checks import changed
from playground.domain.pictures import CannotChange, told
from playground.domain.words import the_one
from playground.jobs.record import JobRecord
from playground.jobs.workshop import Workshop


async def fitted(shop: Workshop, job: JobRecord, spec: ModeSpec) -> JobRecord | Failure:
    """The job with its copies, or why one cannot be made."""
    inputs, notes = dict(job.inputs), list(job.notes)
    for field, _, reference in job.asked().media():
        stored = inputs[reference]
        if stored.file is None:
            continue
        source = shop.files.kept(stored.file)
        change = changed(await shop.inputs.probe(field, source), field, spec)
        if change is None:
            continue
        try:
            copy = await shop.inputs.copy_picture(source, change)
        except CannotChange as error:
            return failure("media", f"{the_one(field)} cannot be made fit for {spec.model.label}. {error}", "no")
        except OSError as error:
            says = f"{the_one(field)} cannot be copied on this machine: {error.strerror}."
            return failure("storage", says, "no", next_step="Make room on this machine, then generate again.")
        inputs[reference] = stored.model_copy(update=copy.model_dump(include={"file", "mime_type", "is_copy"}))
        says = told(change, the_one(field))
        if says not in notes:
            notes.append(says)
    if inputs == job.inputs:
        return job
    kept = {reference: each.model_dump(mode="json") for reference, each in inputs.items()}
    return await shop.store.note(job.id, "pictures", inputs=kept, notes=tuple(notes)) or job
