"""Spanish, politely: "usted"."""

from __future__ import annotations

from .language import Dictation, Language, Moments, listed

SPANISH = Language(
    name="Spanish",
    greeting="Buenos días, ¿en qué puedo ayudarle?",
    introduction="Buenos días, le habla {agent}. Le llamo por lo siguiente: {purpose}.",
    busy="Lo siento, todas nuestras líneas están ocupadas. Por favor, llame de nuevo en unos minutos.",
    queued="Todas nuestras líneas están ocupadas. Por favor, no cuelgue.",
    broken="Lo siento, tenemos un problema técnico. Por favor, llame de nuevo más tarde.",
    phrases={
        "idle_prompts": ("¿Sigue usted ahí?",),
        "idle_goodbye": "No le oigo, así que voy a colgar. Adiós.",
        "fillers": ("Un momento, por favor.", "Déjeme ver."),
        "later_fillers": ("Sigo buscando.", "Tardará un poco más."),
        "apology": "Lo siento, algo ha salido mal. ¿Podría repetirlo, por favor?",
        "failure_goodbye": (
            "Lo siento, tengo un problema técnico y debo terminar esta llamada. Por favor, llame de nuevo más tarde."
        ),
        "time_goodbye": "Lo siento, hemos llegado al límite de tiempo de esta llamada. Adiós.",
        "unfinished": "Lo siento, no he podido terminarlo. ¿Puedo ayudarle de otra manera?",
        "declined": "Lo siento, no puedo ayudarle con eso. ¿Necesita algo más?",
        "goodbye": "Adiós.",
        "bridge": "Ya estoy de vuelta. Disculpe la interrupción.",
        "transfer_busy": "Lo siento, la línea está ocupada en este momento. ¿Puedo ayudarle de otra manera?",
        "transfer_unanswered": "Lo siento, nadie contesta en este momento. ¿Puedo ayudarle de otra manera?",
        "transfer_declined": (
            "Lo siento, nadie puede atender su llamada en este momento. ¿Puedo ayudarle de otra manera?"
        ),
        "transfer_closed": "Lo siento, a esta hora no hay nadie allí. ¿Puedo ayudarle de otra manera?",
        "transfer_failed": "Lo siento, no he podido pasarle la llamada. ¿Puedo ayudarle de otra manera?",
        "transfer_emergency": (
            "No puedo llamar a los servicios de emergencia. Si necesita ayuda, por favor, cuelgue y marque usted el "
            "número de emergencias."
        ),
    },
    transfer_phrases={
        "offer": "Una llamada para usted. {summary} Pulse 1 para aceptarla o 2 para rechazarla.",
        "gone": "La persona que llamaba ya no está. Adiós.",
        "thanks": "Gracias. Adiós.",
        "nobody": "Ya no hay nadie esperando. Adiós.",
        "waiting": "Por favor, no cuelgue. Es usted el número {position} en la cola.",
    },
    dialogue={
        "question": "¿En qué puedo ayudarle?",
        "not_understood": "Perdone, no le he entendido.",
        "offer_person": "Lo siento, sigo sin entenderle. ¿Quiere que le pase con una persona?",
        "yes": (
            "sí [por favor | claro]",
            "si [por favor]",
            "claro [que sí]",
            "por supuesto",
            "correcto",
            "exacto",
            "vale",
            "de acuerdo",
            "eso es",
            "(está | me parece) bien",
        ),
        "no": ("no [gracias]", "no por ahora", "para nada", "mejor no", "(eso | así) no", "no es correcto", "está mal"),
        "repeat": (
            "cómo",
            "cómo dice",
            "perdón",
            "perdone",
            "qué ha dicho",
            "(puede | podría) (repetirlo | repetir) [por favor]",
            "[me lo] (puede | podría) repetir [por favor]",
        ),
        "back": ("[el | al] menú [principal] [por favor]", "(volver | atrás) [al menú [principal]] [por favor]"),
        "choice": "Para {label}, pulse {key}.",
        "wrong_key": "No hay ninguna opción {key}.",
        "back_label": "el menú principal",
        "person_label": "hablar con una persona",
        "digits": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
        "key_names": {"*": "asterisco", "#": "almohadilla"},
        "keys_only": "Ahora mismo solo puedo ayudarle con las teclas de su teléfono.",
    },
    backchannels=listed(
        "mhm|mm|mm-hm|hm|hmm|ajá|aja|ah|oh|ah ya|ya|ya ya|sí|si|sí sí|si si|vale|vale vale|claro|claro claro|okay|ok|okey|"
        "bien|muy bien|de acuerdo|entiendo|ya veo|ya entiendo|exacto|perfecto|bueno|eso es|correcto|sí claro|ah vale|"
        "ah sí|ah okay|está bien|claro que sí|por supuesto|así es|cómo no"
    ),
    closings=listed(
        "adiós|adios|hasta luego|hasta pronto|hasta la vista|chao|chau|gracias|muchas gracias|mil gracias|igualmente|"
        "buen día|buenos días|buenas tardes|buenas noches|que tenga un buen día|que le vaya bien|nos vemos|cuídese|"
        "a usted|gracias a usted|muy amable"
    ),
    interrupting=listed(
        "pare|para|alto|espere|espera|un momento|momento|no|perdón|perdone|disculpe|en realidad|oiga|stop"
    ),
    yes_or_no=(
        "sí|si|no|claro|claro que sí|por supuesto|correcto|exacto|exactamente|vale|de acuerdo|eso es|en absoluto|"
        "sí claro|así es|está bien|cómo no|para nada|mejor no|todavía no"
    ),
    closed_question=r"[^.!?¿]*\?$",
    open_questions=r"qué|que día|cuál|cuáles|cuándo|cuánto|cuánta|cuántos|cuántas|cómo|dónde|quién|por qué|para qué|o",
    fragments=(
        "y|o|pero|porque|que|el|la|los|las|un|una|de|del|para|por|con|en|al|a|mi|mis|es|quiero|quisiera|me gustaría|"
        "necesito|eh+|em+|este|pues"
    ),
    moments=Moments(
        whole=listed(
            "espere|espera|espere por favor|espéreme|espérame|un momento|un momentito|momento|momentito|un segundo|"
            "un segundito|segundo|un minuto|un minutito|un instante|un ratito|un rato|un ratico|ahora vuelvo|"
            "ya vuelvo|no cuelgue|no cuelgues|aguarde|aguarde un momento|manténgase en línea|puede esperar|"
            "puede esperar un momento|podría esperar|me espera|me espera un momento|permítame|permítame un momento|"
            "déjeme ver|a ver|déjame ver|dame un segundo|deme un momento|un seg"
        ),
        soft=(
            "eh em este pues bueno sí ok okay vale por favor porfa perdón perdone disculpe señor señora señorita solo "
            "sólo nada más ahora un momento momentito segundo minuto ya oh ah mire y tantito"
        ),
        clauses=(
            r"(?:lo|la) busco|(?:déjeme|déjame|permítame) (?:buscar|ver|mirar|revisar|comprobar)\w*|(?:espere|aguarde) en (?:la )?línea|voy (?:a )?por (?:mi|el|la)|"
            r"(?:un|una|solo un|sólo un|otro|medio) (?:momento|momentito|segundo|segundito|minuto|minutito|instante|"
            r"ratito|momentico) ?(?:por favor|que|mientras|voy|déjeme|$)|"
            r"(?:deme|dame|déme|me da|regáleme|espere|espera|espéreme|espérame|aguarde|permítame|necesito|tardo|aguántame) "
            r"(?:solo |sólo |por favor )*(?:un|una|unos|dos|tres|cinco)|no (?:me )?(?:cuelgue|cuelgues|corte|se retire|se vaya)|"
            r"(?:ahora|ya|enseguida|en seguida) (?:mismo )?(?:vuelvo|regreso|le atiendo|estoy con usted|lo busco|la busco)|"
            r"vuelvo (?:enseguida|ahora|en seguida)|(?:déjeme|déjame|permítame|permítanme|deje que) (?:que )?(?:lo |la |le )?"
            r"(?:ver|vea|mirar|mire|buscar|busque|comprobar|consultar|revisar|pensar|preguntar|consulte|revise)|"
            r"(?:voy a|tengo que) (?:ir a )?(?:buscar|mirar|ver|coger|agarrar|preguntar|comprobar|revisar|"
            r"consultar|traer|sacar|pensar|apuntar)\w*|"
            r"(?:lo|la|los|las) (?:estoy|sigo) \w+ndo|(?:estoy|sigo) (?:buscándol[oa]s?|mirando|comprobando|revisando|"
            r"pensando|buscando(?:$| mi| el número| la tarjeta))|(?:puede|podría|puedes|le importaría|le importa|me puede) "
            r"(?:esperar|aguardar|esperarme)|dónde (?:está|están|tengo|habré puesto|he puesto) (?:mi|mis|la|el)"
        ),
        long=(
            r"(?:le|lo|la|los|te) (?:voy a )?(?:paso|comunico|transfiero|conecto|pongo|transferir|pasar|comunicar|"
            r"derivo|derivar|conectar)|(?:transferirle|pasarle|comunicarle|conectarle|transferirlo|comunicarlo|pasarlo)|"
            r"no (?:cuelgue|se retire|corte)|manténgase en (?:la )?línea|permanezca en (?:la )?línea|en espera|"
            r"quédese en (?:la )?línea|voy a (?:buscar|llamar|preguntar) (?:al|a la|a mi|a un|a una)"
        ),
        minute="un minuto",
        minutes=(
            r"(?P<count>\d{1,2}|un|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|quince|unos|un par de|"
            r"algunos) (?:minutos|minuto|minutitos|minutito)"
        ),
        counts={
            "un": 1,
            "dos": 2,
            "tres": 3,
            "cuatro": 4,
            "cinco": 5,
            "seis": 6,
            "siete": 7,
            "ocho": 8,
            "nueve": 9,
            "diez": 10,
            "quince": 15,
            "unos": 3,
            "un par de": 2,
            "algunos": 3,
        },
        not_if=(
            r"cuánto|llevo|esperando|esperado|mal|incorrecto|por qué|hace|no (?:puedo|quiero|voy a) esperar|tarde|"
            r"(?:puede|podría|me puede|me podría) (?:pasarme|comunicarme|transferirme|pasar|comunicar|poner)|"
            r"minutos (?:andando|de|antes|después|más)|en este momento|no es|páseme|comuníqueme"
        ),
    ),
    dictation=Dictation(
        digits="cero|uno|una|un|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|doble|triple",
        numbers=(
            r"diez|once|doce|trece|catorce|quince|dieci\w+|veinte|veinti\w+|treinta|cuarenta|cincuenta|sesenta|setenta|"
            r"ochenta|noventa|cien|ciento|\w+cientos|quinientos|setecientos|novecientos|mil"
        ),
        letters=(
            "a|be|ce|de|e|efe|ge|hache|i|jota|ka|ele|elle|eme|ene|eñe|o|pe|cu|erre|ere|ese|te|u|uve|ve|uve doble|equis|"
            "ye|i griega|zeta|doble u|doble ve|be larga|ve corta"
        ),
        like="de|como|como en",
        alphabet=(
            "antonio|barcelona|burgos|bilbao|carmen|cáceres|chocolate|córdoba|dinamarca|dolores|enrique|españa|francia|francisco|"
            "gerona|granada|historia|huelva|inés|italia|josé|jaén|kilo|lorenzo|lérida|llobregat|madrid|maría|manuel|navarra|"
            "ñoño|oviedo|parís|pamplona|querido|ramón|roma|sábado|sevilla|tarragona|toledo|ulises|valencia|washington|"
            "xilófono|yolanda|zaragoza|zapato|alfa|bravo|charlie|delta|eco|foxtrot|golf|hotel|india|julieta|lima|mike|noviembre|"
            "óscar|papá|quebec|romeo|sierra|tango|uniforme|víctor|whisky|yankee|zulú"
        ),
        dates=(
            "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|primero"
        ),
        joined="guión|guion|barra|punto|más|espacio|arroba|guión bajo",
        whole_phone=r"(?:6|7|9|seis|siete|nueve)\W*(?:<D>\W*){8}$",
        asks_phone=r"teléfono|telefono|móvil|movil|celular|(?:contactar|localizar|llamar|ubicar)(?:le|lo|la|te|nos)|le (?:llamamos|localizamos)|contacto",
        asks_code=(
            r"número|numero|código|codigo|cifras?|dígitos?|pin|iban|cuenta|referencia|reserva|matrícula|matricula|placa|"
            r"localizador|póliza|dni|nie|nif|documento|pedido|expediente|tarjeta|patente|identificación|postal"
        ),
        asks_spelling=r"deletre\w*|letra por letra|correo|e-?mail|se escribe|escribe",
        asks_name=r"nombre|apellidos?|cómo se llama|se llama|con quién hablo",
        asks_address=r"dirección|direccion|domicilio|calle|dónde vive|vive usted|señas|adónde (?:lo|la|se lo) (?:enviamos|mandamos)|entrega",
        asks_date=r"fecha|nacimiento|nació|cumpleaños|caduca\w*|vencimiento",
        asks_amount="cuántos|cuántas|cuánto|qué edad|qué año|a qué hora|cuándo",
        asks_story=r"cuénteme|cuéntame|explíqueme|descríbame|describa|explique|dígame qué|qué (?:ha pasado|pasó|ocurrió|ha ocurrido|sucedió|le pasa)|cuál es el problema",
        states="(?:número|código|matrícula|referencia|teléfono)(?: es)(?: el)?",
        no_answer=(
            "no sé|no lo sé|no tengo|no estoy segur[oa]|ni idea|por qué|para qué|cuál|puedo|podría|puede|perdón|"
            "no recuerdo|no me acuerdo|ya la tienen|ya lo tienen"
        ),
    ),
)
