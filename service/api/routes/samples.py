"""The datasets that ship with the service."""

from fastapi.responses import Response

from service.api import described_route
from service.api.etags import IfNoneMatch, tagged
from service.api.openapi_responses import cacheable, problems
from service.core.languages import Language, asked_language
from service.core.translation import translated
from service.datasets import samples
from service.schemas.responses.datasets import SampleOut, Samples

router = described_route.router("datasets")


@router.get(
    "/samples",
    response_model=Samples,
    summary="List the datasets that ship with the service",
    responses={**cacheable("The datasets."), **problems()},
)
def list_samples(if_none_match: IfNoneMatch = None) -> Response:
    """A request names one by `{"dataset": {"sample": name}}`. NIST's datasets have certified values of the best fit."""
    answer: Samples = {"data": [_sample(sample, asked_language()) for sample in samples.SAMPLES.values()]}
    return tagged(answer, if_none_match)


def _sample(sample: samples.Sample, language: Language) -> SampleOut:
    described = samples.load(sample.name).described
    return {
        "name": sample.name,
        "title": translated(sample.title, language),
        "description": translated(sample.description, language),
        "source": translated(sample.source, language),
        "task": sample.task,
        "rows": described.rows,
        "features": described.features,
        "target": sample.target,
        "columns": described.columns,
        "certified": sample.certified,
    }
