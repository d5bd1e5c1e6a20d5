"""Arrow tables -> pandas frames, as every loader gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A pandas frame with plain dtypes: text as pandas strings, dates and date-times as datetime64[us], whole numbers
    that may be missing as Int64, others as int64.

    Descriptions, units and vocabularies of the columns are in `.attrs`.
    """
    import pandas as pd
    import pyarrow as pa

    schema = table.schema
    for i, field in enumerate(schema):
        if pa.types.is_date32(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.timestamp("us")))
    # pandas 3 reads text as its own string type; pandas 2 would give objects.
    mapper = None if int(pd.__version__.split(".")[0]) >= 3 else {pa.string(): pd.StringDtype("pyarrow")}.get
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas(types_mapper=mapper)
    for i, field in enumerate(schema):
        if field.nullable and pa.types.is_int64(field.type):  # to_pandas would make floats of them where one is missing
            frame[field.name] = table.column(i).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    about = {
        key.decode(): value.decode()
        for key, value in (schema.metadata or {}).items()
        if key != b"ARROW:schema"
    }
    frame.attrs.update(about)
    frame.attrs["columns"] = {
        field.name: {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        for field in schema
    }
    return frame
